//! Lists in pages, if a test asks for them.

use azure_simulator::{SUBSCRIPTION_ID, Simulator};

use crate::support::Scene;

/// Follows the links of a list; gives the names on each page.
async fn pages(scene: &Scene, path: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut reply = scene.client.get(path).await.assert(200);
    loop {
        let names = reply.body["value"].as_array().unwrap().iter();
        pages.push(
            names
                .map(|body| body["name"].as_str().unwrap().to_owned())
                .collect(),
        );
        let Some(link) = reply.body["nextLink"].as_str() else {
            return pages;
        };
        assert!(link.starts_with(&format!("{}{path}?", scene.azure.endpoint())));
        assert!(link.contains("api-version=") && link.contains("skiptoken="));
        reply = scene.client.url(link).await.assert(200);
    }
}

#[tokio::test]
async fn every_page_links_to_the_next_one() {
    let scene = Scene::of(Simulator::builder().page_size(2)).await;
    for name in ["b", "c", "d"] {
        let seed =
            scene
                .azure
                .seed_target_collection("rg-app-dr", name, "westeurope", &scene.source);
        assert!(seed.ends_with(name));
    }
    let subscription = format!("/subscriptions/{SUBSCRIPTION_ID}");
    let all = format!("{subscription}/providers/Microsoft.Compute/restorePointCollections");
    let group = scene.target.rsplit_once('/').unwrap().0;
    assert_eq!(
        pages(&scene, &all).await,
        [vec!["app", "app-dr"], vec!["b", "c"], vec!["d"]]
    );
    assert_eq!(
        pages(&scene, group).await,
        [vec!["app-dr", "b"], vec!["c", "d"]]
    );
    assert!(scene.azure.unexpected().is_empty());
}

#[tokio::test]
async fn without_a_word_there_is_one_page() {
    let scene = Scene::set().await;
    let group = scene.target.rsplit_once('/').unwrap().0;
    assert_eq!(pages(&scene, group).await, [vec!["app-dr"]]);
    let token = format!("{group}?$skiptoken=1");
    scene.client.get(&token).await.assert(400);
    assert_eq!(scene.azure.unexpected().len(), 1);
}
