//! How many files a process may have open: every connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that a process has open beside its connections, amply.
const OTHER_FILES: u64 = 64;

/// A limit on open files that is too low.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{connections} connections need {needed} open files and the hard limit is {hard}: raise it (ulimit -Hn {needed} as \
     root, or nofile in /etc/security/limits.conf), or ask for fewer subscribers"
)]
pub struct LimitError {
    connections: u64,
    needed: u64,
    hard: u64,
}

/// Raises this process's limit of open files to what this many connections need. Processes that it starts afterwards
/// inherit the limit.
///
/// # Errors
/// When the system does not allow that many.
pub fn need_files(connections: usize) -> Result<(), LimitError> {
    let connections = connections as u64;
    let needed = connections + OTHER_FILES;
    let limit = getrlimit(Resource::Nofile);
    // rustix returns `None` for a limit of infinity.
    if limit.current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    let raised = Rlimit { current: Some(needed), maximum: limit.maximum };
    let hard = limit.maximum.unwrap_or(u64::MAX);
    if hard < needed || setrlimit(Resource::Nofile, raised).is_err() {
        return Err(LimitError { connections, needed, hard });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_files_than_the_system_allows_are_refused_with_how_to_raise_the_limit() {
        need_files(10).unwrap();
        let Some(hard) = getrlimit(Resource::Nofile).maximum else { return };
        let why = need_files(usize::try_from(hard).unwrap()).unwrap_err().to_string();
        assert!(why.contains("ulimit -Hn") && why.contains(&hard.to_string()), "{why}");
    }
}
