//! A unix socket, in a folder that nobody else may enter.

use std::fs::{DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::UnixListener;
use uuid::Uuid;

/// The longest path that every system takes for a socket.
const SOCKET_PATH_BYTES_MAX: usize = 103;

/// What the names of our folders begin with.
const FOLDER_PREFIX: &str = "azrestorepoint-";

/// The name of the socket in a folder of our own.
const FILE: &str = "plugin";

/// How old a folder is before it counts as left over.
const LEFT_OVER_AGE: Duration = Duration::from_secs(60);

/// How many left-over folders one process removes at most.
const SWEEP_MAX: usize = 100;

/// Where the socket is to lie, and who else may connect.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// A folder that the host has made for sockets. Without it, we make one of our own.
    folder: Option<PathBuf>,
    /// A group that may connect, too.
    group: Option<u32>,
}

impl Place {
    /// What the host asks for; Terraform itself asks for nothing.
    ///
    /// # Errors
    /// A group that does not exist here.
    pub(super) fn of_environment(variable: impl Fn(&str) -> Option<String>) -> io::Result<Self> {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        let group = given("PLUGIN_UNIX_SOCKET_GROUP")
            .map(|group| group_id(&group))
            .transpose()?;
        Ok(Self {
            folder: given("PLUGIN_UNIX_SOCKET_DIR").map(PathBuf::from),
            group,
        })
    }
}

/// A listening socket. Dropping it removes the socket, and its folder if we made it.
pub(in crate::plugin) struct Socket {
    listener: Option<UnixListener>,
    path: PathBuf,
    folder: Option<PathBuf>,
}

impl Socket {
    /// Listens at that place.
    ///
    /// # Errors
    /// A folder that cannot be made, listened in or given to the group.
    pub(super) fn listen(place: &Place) -> io::Result<Self> {
        let unique = format!("{:.12}", Uuid::new_v4().simple());
        let (path, folder) = match &place.folder {
            Some(folder) => (folder.join(format!("{FILE}{unique}")), None),
            None => {
                let folder = own_folder(&unique)?;
                (folder.join(FILE), Some(folder))
            }
        };
        // From here on a failure removes what was made.
        let mut socket = Self {
            listener: None,
            path,
            folder,
        };
        socket.listener = Some(UnixListener::bind(&socket.path)?);
        socket.admit(place.group)?;
        Ok(socket)
    }

    pub(super) fn listener(&mut self) -> Option<UnixListener> {
        self.listener.take()
    }

    /// Where to connect.
    ///
    /// # Errors
    /// A folder whose name is not UTF-8.
    pub(super) fn address(&self) -> io::Result<&str> {
        let text = self.path.to_str();
        text.ok_or_else(|| io::Error::other("the folder for sockets has a name that is not UTF-8"))
    }

    /// Lets the group in, if there is one, and nobody else.
    fn admit(&self, group: Option<u32>) -> io::Result<()> {
        let Some(group) = group else {
            return std::fs::set_permissions(&self.path, Permissions::from_mode(0o600));
        };
        chown(&self.path, None, Some(group))?;
        std::fs::set_permissions(&self.path, Permissions::from_mode(0o660))?;
        if let Some(folder) = &self.folder {
            chown(folder, None, Some(group))?;
            std::fs::set_permissions(folder, Permissions::from_mode(0o710))?;
        }
        Ok(())
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let removed = match &self.folder {
            Some(folder) => std::fs::remove_dir_all(folder),
            None => std::fs::remove_file(&self.path),
        };
        if let Err(error) = removed {
            tracing::warn!(socket = %self.path.display(), "Cannot remove the socket: {error}");
        }
    }
}

fn own_folder(unique: &str) -> io::Result<PathBuf> {
    let name = format!("{FOLDER_PREFIX}{unique}");
    let mut folder = std::env::temp_dir().join(&name);
    if folder.join(FILE).as_os_str().len() > SOCKET_PATH_BYTES_MAX {
        folder = Path::new("/tmp").join(&name);
    }
    DirBuilder::new().mode(0o700).create(&folder)?;
    Ok(folder)
}

/// The id of a group, by number or by its name in the local list of groups.
fn group_id(group: &str) -> io::Result<u32> {
    if let Ok(id) = group.parse() {
        return Ok(id);
    }
    let list = std::fs::read_to_string("/etc/group")?;
    let id = list.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(group))
            .then(|| fields.nth(1)?.parse().ok())
            .flatten()
    });
    id.ok_or_else(|| {
        io::Error::other(format!(
            "PLUGIN_UNIX_SOCKET_GROUP names {group:?}, which is no group here"
        ))
    })
}

/// Removes the folders of processes that were killed before they could do so.
///
/// Whether somebody listens is asked of the socket itself: process ids say nothing
/// where several containers share a folder.
pub(super) fn sweep() {
    sweep_in(&std::env::temp_dir(), LEFT_OVER_AGE);
}

fn sweep_in(folder: &Path, age: Duration) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let ours = |name: &str| name.starts_with(FOLDER_PREFIX);
    let entries = entries
        .flatten()
        .filter(|entry| ours(&entry.file_name().to_string_lossy()));
    for entry in entries.take(SWEEP_MAX) {
        let folder = entry.path();
        // A young socket may only just be about to listen.
        let modified = entry
            .metadata()
            .and_then(|metadata| metadata.modified())
            .ok();
        let is_old = modified
            .and_then(|time| time.elapsed().ok())
            .is_some_and(|found| found >= age);
        if is_old && is_dead(&folder.join(FILE)) && std::fs::remove_dir_all(&folder).is_ok() {
            tracing::debug!(folder = %folder.display(), "Removed the socket of a process that is gone");
        }
    }
}

fn is_dead(socket: &Path) -> bool {
    let connected = std::os::unix::net::UnixStream::connect(socket);
    connected.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path)
            .expect("it exists")
            .permissions()
            .mode()
            & 0o777
    }

    #[tokio::test]
    async fn the_folder_is_private_and_goes_away() {
        let socket = Socket::listen(&Place::default()).expect("a folder for temporary files");
        let folder = socket.folder.clone().expect("a folder of our own");
        assert_eq!((mode(&folder), mode(&socket.path)), (0o700, 0o600));
        drop(socket);
        assert!(!folder.exists());
    }

    #[tokio::test]
    async fn the_host_s_folder_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Place {
            folder: Some(folder.path().to_owned()),
            group: None,
        };
        let socket = Socket::listen(&place).expect("it listens");
        let path = socket.path.clone();
        assert!(path.starts_with(folder.path()) && path.exists());
        drop(socket);
        assert!(!path.exists() && folder.path().exists());
    }

    #[tokio::test]
    async fn a_group_is_let_in_by_number() {
        let own = std::os::unix::fs::MetadataExt::gid(
            &std::fs::metadata("/proc/self").expect("ourselves"),
        );
        let place = Place {
            folder: None,
            group: Some(own),
        };
        let socket = Socket::listen(&place).expect("it listens");
        let folder = socket.folder.clone().expect("a folder of our own");
        assert_eq!((mode(&folder), mode(&socket.path)), (0o710, 0o660));
    }

    #[test]
    fn groups_have_names_and_numbers() {
        assert_eq!(group_id("7").expect("a number"), 7);
        assert_eq!(group_id("root").expect("a name"), 0);
        let error = group_id("no-such-group").expect_err("no group").to_string();
        assert!(error.contains("no-such-group"), "{error}");
    }

    #[test]
    fn only_what_nobody_listens_to_is_swept() {
        let base = tempfile::tempdir().expect("a folder");
        let folder = |name: &str| {
            let folder = base.path().join(name);
            std::fs::create_dir(&folder).expect("a new folder");
            folder
        };
        let listen = |folder: &Path| {
            std::os::unix::net::UnixListener::bind(folder.join(FILE)).expect("it listens")
        };
        let (living, dead) = (folder("azrestorepoint-a"), folder("azrestorepoint-b"));
        let (foreign, empty) = (folder("another-c"), folder("azrestorepoint-d"));
        let _listener = listen(&living);
        drop(listen(&dead));
        drop(listen(&foreign));

        sweep_in(base.path(), LEFT_OVER_AGE);
        assert!(dead.exists(), "it is too young");
        sweep_in(base.path(), Duration::ZERO);
        assert!(living.exists() && foreign.exists() && empty.exists());
        assert!(!dead.exists());
    }
}
