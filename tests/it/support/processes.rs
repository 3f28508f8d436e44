//! Processes that are not our own children.

use std::collections::BTreeSet;

use super::plugin::limited;

/// The processes of the provider that a Terraform has started.
pub(crate) fn providers_of(terraform: u32) -> BTreeSet<u32> {
    let processes = std::fs::read_dir("/proc").expect("a list of processes");
    let ids = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| {
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        status.contains(&format!("\nPPid:\t{terraform}\n"))
    })
    .collect()
}

fn is_alive(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // A zombie has ended; only nobody has asked for its exit code yet.
    !stat.is_empty() && !stat.contains(") Z ")
}

/// Waits until a process has ended, by looking again and again: it is not our child.
pub(crate) async fn ended(process: u32) {
    limited(async {
        while is_alive(process) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Sends a signal to a process.
pub(crate) fn signal(process: u32, signal: &str) {
    let sent = std::process::Command::new("kill")
        .args(["-s", signal, "--", &process.to_string()])
        .status();
    assert!(
        sent.expect("kill runs").success(),
        "no signal {signal} to {process}"
    );
}
