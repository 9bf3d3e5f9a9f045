//! How files get to their places whole: each is written under a new name beside its place, and then moved.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Most files that can be there already under the names that a temporary file would have.
const MOST_IN_USE: usize = 1000;

/// Whether a path leads to a pipe or a device. Writing to one replaces nothing.
pub(super) fn is_pipe_or_device(file: &Path) -> bool {
    file.metadata().is_ok_and(|there| !there.is_file() && !there.is_dir())
}

/// Where a file is or would be, the same for every way to write its path. A link stands for the file that it leads to.
pub(super) fn place(file: &Path) -> PathBuf {
    if let Ok(there) = file.canonicalize() {
        return there;
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (folder.canonicalize(), file.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => file.to_owned(),
    }
}

/// Makes sure that a file can be made at this place.
pub(super) fn probe(place: &Path) -> io::Result<()> {
    // By making one: permissions do not tell of a read-only file system or a full disk.
    let (temporary, _) = create_beside(place)?;
    fs::remove_file(temporary)
}

/// The first of `NAME.ENDING`, `NAME-2.ENDING` and so on that no file with another text has.
pub(super) fn unused(folder: &Path, name: &str, ending: &str, text: &str) -> PathBuf {
    let mut file = folder.join(format!("{name}.{ending}"));
    let mut number = 1;
    // Of the link itself: `exists` follows links, and a broken one would look like a free name.
    while file.symlink_metadata().is_ok() && !fs::read(&file).is_ok_and(|there| there == text.as_bytes()) {
        number += 1;
        file = folder.join(format!("{name}-{number}.{ending}"));
    }
    file
}

/// Writes to a pipe or a device.
pub(super) fn write_to(device: &Path, content: &[u8]) -> io::Result<()> {
    // Without `create`: if the device has gone meanwhile, no ordinary file may take its place.
    OpenOptions::new().write(true).open(device)?.write_all(content)
}

/// Writes all files or, where one cannot be written, none. No other file is touched.
pub(super) fn write<'a>(files: impl IntoIterator<Item = (PathBuf, &'a [u8])>) -> io::Result<()> {
    let mut written: Vec<(PathBuf, PathBuf)> = Vec::new();
    let mut result = files.into_iter().try_for_each(|(place, content)| {
        let (temporary, mut file) = create_beside(&place)?;
        // Noted before anything is written, so that a file whose write fails is removed as well.
        written.push((temporary, place));
        file.write_all(content)
    });
    if result.is_ok() {
        // Last, when nothing is left that could fail for lack of room. A rename replaces a file in one step.
        result = written.iter().try_for_each(|(temporary, place)| fs::rename(temporary, place));
    }
    if result.is_err() {
        for (temporary, _) in &written {
            // Those that have been moved already are not there.
            let _ = fs::remove_file(temporary);
        }
    }
    result
}

/// Makes an empty file beside a place, under a name that no file has.
fn create_beside(place: &Path) -> io::Result<(PathBuf, File)> {
    for number in 0..MOST_IN_USE {
        let mut name = place.as_os_str().to_owned();
        name.push(if number == 0 { ".tmp".to_owned() } else { format!(".{number}.tmp") });
        let temporary = PathBuf::from(name);
        match File::create_new(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {}
            Err(why) => return Err(why),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "every name for a temporary file beside it is in use"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incident_with_another_text_keeps_its_name() {
        let folder = std::env::temp_dir().join(format!("hubbub-unused-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let names = ["old", "new", "new", "newest"].map(|text| {
            let file = unused(&folder, "gap-seed-7", "json", text);
            write([(file.clone(), text.as_bytes())]).unwrap();
            file.file_name().unwrap().to_str().unwrap().to_owned()
        });
        let texts = ["", "-2", "-3"].map(|number| fs::read_to_string(folder.join(format!("gap-seed-7{number}.json"))));
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(names, ["gap-seed-7.json", "gap-seed-7-2.json", "gap-seed-7-2.json", "gap-seed-7-3.json"]);
        assert_eq!(texts.map(Result::unwrap), ["old", "new", "newest"]);
    }
}
