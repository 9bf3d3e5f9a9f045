//! Completions for shells and pages of the manual, made from the same description as the arguments.

use clap::Command;
use clap_complete::Shell;

/// The script that completes the command's arguments in a shell.
pub(super) fn completions(mut command: Command, shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "hubbub", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The page of the manual: the command, and then each of its subcommands, as roff.
pub(super) fn man(mut command: Command) -> String {
    // Otherwise the subcommands do not know whose they are.
    command.build();
    let mut page = Vec::new();
    let mut render = |command: Command| {
        // Writing to a vector cannot fail.
        let _ = clap_mangen::Man::new(command).render(&mut page);
    };
    let subcommands: Vec<_> = command.get_subcommands().cloned().collect();
    render(command);
    subcommands.into_iter().for_each(render);
    String::from_utf8_lossy(&page).into_owned()
}
