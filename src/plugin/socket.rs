//! The socket that Terraform connects to, in a folder that nobody else may enter.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;
use uuid::Uuid;

/// The longest path that every system takes for a socket.
const SOCKET_PATH_BYTES_MAX: usize = 103;

/// A listening socket. Dropping it removes the socket and its folder.
pub(super) struct Socket {
    /// Takes the connections.
    pub(super) listener: UnixListener,
    folder: PathBuf,
}

impl Socket {
    /// Listens in a new folder below the system's folder for temporary files.
    ///
    /// # Errors
    /// A folder that cannot be made or listened in.
    pub(super) fn listen() -> io::Result<Self> {
        let name = format!("azrestorepoint-{:.12}", Uuid::new_v4().simple().to_string());
        let mut folder = std::env::temp_dir().join(&name);
        if folder.join(FILE).as_os_str().len() > SOCKET_PATH_BYTES_MAX {
            folder = Path::new("/tmp").join(&name);
        }
        DirBuilder::new().mode(0o700).create(&folder)?;
        match UnixListener::bind(folder.join(FILE)) {
            Ok(listener) => Ok(Self { listener, folder }),
            Err(error) => {
                // The folder is empty and of no use; the reason for that is what counts.
                let _ = std::fs::remove_dir(&folder);
                Err(error)
            }
        }
    }

    /// Where to connect.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.join(FILE)
    }
}

const FILE: &str = "plugin";

impl Drop for Socket {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            tracing::warn!(folder = %self.folder.display(), "Cannot remove the socket's folder: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[tokio::test]
    async fn the_folder_is_private_and_goes_away() {
        let socket = Socket::listen().expect("a folder for temporary files");
        let folder = socket.folder.clone();
        let mode = std::fs::metadata(&folder)
            .expect("it exists")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
        assert!(socket.path().exists());
        drop(socket);
        assert!(!folder.exists());
    }
}
