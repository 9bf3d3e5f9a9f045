//! The file with the keys of tokens: read before the server starts, and again whenever it changes.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hubbub::config::Effective;
use hubbub::tokens::{KeyError, MAX_KEY_FILE_BYTES, TokenKeys, Tokens};

/// Time between two looks at the file. A key that is replaced counts after that time at the latest.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A file with keys, and the tokens that it is for.
pub(super) struct KeyFile {
    path: PathBuf,
    /// The bytes that the keys in use, or the last complaint, came from.
    read: Result<Vec<u8>, String>,
    pub(super) tokens: Tokens,
    /// What to say once there is a log.
    notes: Vec<String>,
}

impl KeyFile {
    /// Reads the file of a configuration, if it names one.
    ///
    /// # Errors
    /// A line that says why it has no keys.
    pub(super) fn of(effective: &Effective) -> Result<Option<Self>, String> {
        let config = &effective.config;
        let Some(path) = &config.token_keys else { return Ok(None) };
        let bytes = read(path).and_then(|bytes| match TokenKeys::read(&bytes) {
            Ok(keys) => Ok((bytes, keys)),
            Err(why) => Err(why.to_string()),
        });
        let origin = effective.origin("token_keys");
        let shown = path.display().to_string();
        let (bytes, keys) = bytes.map_err(|why| format!("{origin}: server.token_keys = {shown:?}: {why}"))?;
        let notes = notes(&keys);
        let tokens = Tokens::new(keys, config.token_audience.as_deref());
        Ok(Some(Self { path: path.clone(), read: Ok(bytes), tokens, notes }))
    }

    /// Looks at the file again and again, and replaces the keys when it has changed. It never ends.
    pub(super) async fn watch(mut self) {
        self.notes.drain(..).for_each(|note| tracing::warn!("{note}"));
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let path = self.path.clone();
            // A disk may take its time, and threads of the runtime must not wait for it.
            let Ok(read) = tokio::task::spawn_blocking(move || read(&path)).await else { continue };
            if read != self.read {
                self.replace(&read);
                self.read = read;
            }
        }
    }

    fn replace(&self, read: &Result<Vec<u8>, String>) {
        let path = self.path.display();
        let keys = match read {
            Ok(bytes) => TokenKeys::read(bytes).map_err(|why: KeyError| why.to_string()),
            Err(why) => Err(why.clone()),
        };
        match keys {
            Ok(keys) => {
                let count = keys.count();
                notes(&keys).iter().for_each(|note| tracing::warn!("{note}"));
                self.tokens.replace(keys);
                tracing::info!("{path} has changed: tokens are checked with its keys, {count} of them");
            }
            // The old keys stay: an editor may have written half of the file, and a mistake must not let nobody in.
            Err(why) => tracing::error!("{path} has changed and is not used: {why}; the keys before it stay"),
        }
    }
}

fn notes(keys: &TokenKeys) -> Vec<String> {
    keys.ignored().iter().map(|why| format!("a key for tokens is not used: {why}")).collect()
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        // One byte more shows that the file is too long.
        File::open(path)?.take(MAX_KEY_FILE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|why| why.to_string())
}
