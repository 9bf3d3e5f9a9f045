//! Paths as they are typed in a shell.

use std::path::Path;

/// A path as it would be typed in a shell. It keeps its folders, so that the command finds the file again.
pub(super) fn typed(path: &Path) -> String {
    let path = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "_-./+,:@%=".contains(c);
    // A quote inside ends the quoted text, stands escaped outside it, and begins it again.
    if !path.is_empty() && path.chars().all(is_plain) { path } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::typed;

    #[test]
    fn a_path_in_a_command_keeps_its_folders_and_is_quoted_where_a_shell_would_split_it() {
        let typed = ["loads/a.toml", "/tmp/my loads/it's.toml", "$HOME/x"].map(|path| typed(Path::new(path)));
        assert_eq!(typed, ["loads/a.toml", r"'/tmp/my loads/it'\''s.toml'", "'$HOME/x'"]);
    }
}
