//! Who may talk to the provider, and how it begins and ends.

use std::os::unix::fs::PermissionsExt;

use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::support::certificate::Identity;
use crate::support::plugin::{MAGIC_COOKIE, Plugin, binary, command, limited};
use crate::support::world::World;

#[tokio::test]
async fn only_terraform_is_let_in() {
    let stranger = Identity::new();
    for version in [&TLS12, &TLS13] {
        let plugin = Plugin::start(&[]).await;
        let thief = plugin.identity().with_key_of(&stranger);
        for (who, identity) in [
            ("nobody", None),
            ("a stranger", Some(&stranger)),
            ("a thief", Some(&thief)),
        ] {
            let refused = plugin.connect_as(identity, &[version]).await;
            assert!(
                refused.is_err(),
                "{who} was let in with {:?}",
                version.version
            );
        }
        plugin
            .connect_as(Some(plugin.identity()), &[version])
            .await
            .expect("Terraform is let in");
    }
}

/// As on Windows, which has no unix sockets that Terraform knows of.
const TCP: (&str, &str) = ("PLUGIN_TEST_TCP", "1");

#[tokio::test]
async fn a_port_lets_nobody_in_but_terraform() {
    let environment = [
        (TCP.0, TCP.1.to_owned()),
        ("PLUGIN_MIN_PORT", "10000".to_owned()),
        ("PLUGIN_MAX_PORT", "25000".to_owned()),
    ];
    let plugin = Plugin::start(&environment).await;
    let address = plugin.socket.to_str().expect("an address");
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    let stranger = Identity::new();
    for identity in [None, Some(&stranger)] {
        let refused = plugin.connect_as(identity, &[&TLS13]).await;
        assert!(refused.is_err());
    }
    let channel = plugin.connect().await;
    let status = plugin.shut_down(channel).await;
    assert!(status.success(), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn terraform_copies_through_a_port() {
    let mut world = World::ready().await;
    world.terraform.set(TCP.0, TCP.1);
    // A unix socket would have to lie there.
    world.terraform.set("PLUGIN_UNIX_SOCKET_DIR", "/nowhere");
    world.write("", "");
    world.terraform.apply().await.expect_code(0);
    world.terraform.plan().await.expect_code(0);
    world.terraform.destroy().await.expect_code(0);
    assert_eq!(world.copies_begun(), 1);
}

#[tokio::test]
async fn whoever_speaks_in_the_clear_gets_no_answer_but_an_alert() {
    let plugin = Plugin::start(&[]).await;
    let mut stream = limited(UnixStream::connect(&plugin.socket))
        .await
        .expect("it listens");
    limited(stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
        .await
        .expect("it takes bytes");
    let mut answer = Vec::new();
    // The connection may also be reset, which says as much.
    drop(limited(stream.read_to_end(&mut answer)).await);
    const ALERT: u8 = 21;
    assert!(
        answer.first().is_none_or(|kind| *kind == ALERT),
        "{answer:?}"
    );
}

#[tokio::test]
async fn the_socket_is_private_and_there_is_no_other_door() {
    let plugin = Plugin::start(&[]).await;
    let folder = plugin.socket.parent().expect("a folder").to_owned();
    let mode = std::fs::metadata(&folder)
        .expect("the folder")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
    assert_eq!(
        tcp_listeners(plugin.process.id().expect("it runs")),
        Vec::<String>::new()
    );

    let channel = plugin.connect().await;
    let status = plugin.shut_down(channel).await;
    assert!(status.success(), "{status}");
    assert!(!folder.exists(), "the folder is left behind");
}

/// The listening TCP sockets of a process, from its open files and the kernel's table.
fn tcp_listeners(process: u32) -> Vec<String> {
    let descriptors = std::fs::read_dir(format!("/proc/{process}/fd")).expect("the process runs");
    let sockets: Vec<String> = descriptors
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .filter_map(|target| {
            Some(
                target
                    .to_str()?
                    .strip_prefix("socket:[")?
                    .strip_suffix(']')?
                    .to_owned(),
            )
        })
        .collect();
    assert!(!sockets.is_empty(), "it has a unix socket at least");
    ["tcp", "tcp6"]
        .into_iter()
        .filter_map(|table| std::fs::read_to_string(format!("/proc/{process}/net/{table}")).ok())
        .flat_map(|table| table.lines().map(str::to_owned).collect::<Vec<_>>())
        .filter(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            // The state 0A is LISTEN; the tenth field is the socket's number.
            fields.get(3) == Some(&"0A")
                && fields
                    .get(9)
                    .is_some_and(|inode| sockets.iter().any(|known| known == inode))
        })
        .collect()
}

#[tokio::test]
async fn run_by_hand_it_explains_itself() {
    let output = limited(command(binary()).output()).await.expect("it runs");
    let text = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"");
    assert!(
        text.contains("Terraform") && text.contains("required_providers"),
        "{text}"
    );
}

#[tokio::test]
async fn without_tls_it_refuses() {
    let output = limited(
        command(binary())
            .env(MAGIC_COOKIE.0, MAGIC_COOKIE.1)
            .output(),
    )
    .await
    .expect("it runs");
    let text = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"");
    assert!(text.contains("TF_DISABLE_PLUGIN_TLS"), "{text}");
}

#[tokio::test]
async fn version_and_help_are_for_people() {
    for (argument, expected) in [
        ("--version", env!("CARGO_PKG_VERSION")),
        ("--help", "Usage:"),
    ] {
        let output = limited(command(binary()).arg(argument).output())
            .await
            .expect("it runs");
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(output.status.success(), "{argument}");
        assert!(text.contains(expected), "{text}");
    }
    let output = limited(command(binary()).arg("--no-such-option").output())
        .await
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test]
async fn interrupts_are_terraform_s_to_interpret() {
    let plugin = Plugin::start(&[]).await;
    let channel = plugin.connect().await;
    crate::support::terraform::signal(&plugin.process, "INT", false);
    let status = plugin.shut_down(channel).await;
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn it_leaves_when_terraform_is_gone() {
    let mut plugin = Plugin::start(&[]).await;
    let folder = plugin.socket.parent().expect("a folder").to_owned();
    drop(plugin.connect().await);
    let status = limited(plugin.process.wait()).await.expect("it leaves");
    assert!(status.success(), "{status}");
    assert!(!folder.exists(), "the folder is left behind");
}
