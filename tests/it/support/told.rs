//! What the user is told, as Terraform would show it.

use super::proto::tfplugin6::{self as proto, diagnostic::Severity};

/// What a command has told the user.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) errors: Vec<proto::Diagnostic>,
    pub(crate) warnings: Vec<proto::Diagnostic>,
    /// Calls that ended in a gRPC error: the provider has crashed, or forgot itself.
    pub(crate) crashes: Vec<String>,
}

impl Told {
    /// Adds messages, and says whether there is an error among them.
    pub(crate) fn add(&mut self, diagnostics: Vec<proto::Diagnostic>) -> bool {
        let mut failed = false;
        for diagnostic in diagnostics {
            assert!(
                !diagnostic.summary.is_empty() && !diagnostic.detail.is_empty(),
                "{diagnostic:?}"
            );
            match diagnostic.severity() {
                Severity::Error => {
                    failed = true;
                    self.errors.push(diagnostic);
                }
                Severity::Warning => self.warnings.push(diagnostic),
                Severity::Invalid => panic!("no severity: {diagnostic:?}"),
            }
        }
        failed
    }

    /// All that was told, as one text.
    pub(crate) fn text(&self) -> String {
        let all = self.errors.iter().chain(&self.warnings);
        let texts = all.map(|diagnostic| format!("{}: {}", diagnostic.summary, diagnostic.detail));
        texts
            .chain(self.crashes.iter().cloned())
            .collect::<Vec<_>>()
            .join("\n")
    }
}
