//! Options that say how a server lets a client in.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;

use crate::cli::console;
use crate::cli::exit::Failure;
use crate::cli::typed::typed;
use crate::real::{Access, BadUrl, RequestHeaders, Route, Trust, Url, read_small};

/// A URL as it was typed, good or bad. It is taken in either case: clap would print a bad one with the token in it.
#[derive(Debug, Clone)]
pub(in crate::rooms::cli) struct TypedUrl(Result<Url, BadUrl>);

impl FromStr for TypedUrl {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.parse()))
    }
}

impl TypedUrl {
    /// The URL of an argument.
    pub(in crate::rooms::cli) fn url(&self, argument: &str) -> Result<Url, Failure> {
        self.0.clone().map_err(|why| Failure::input(format!("{argument}: {why}")))
    }
}

/// A header field as it was typed. Nothing prints it.
#[derive(Clone)]
struct TypedHeader(String);

impl std::fmt::Debug for TypedHeader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TypedHeader")
    }
}

impl FromStr for TypedHeader {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

#[derive(Debug, Args)]
pub(in crate::rooms::cli) struct AccessOptions {
    /// Send this header field with every request, as 'Cookie: id=7'; repeat it for more. Other users of this machine can
    /// see it in the list of processes, and not what is in --header-file
    #[arg(long = "header", value_name = "FIELD")]
    headers: Vec<TypedHeader>,
    /// Send the header fields in this file, one a line; empty lines and those that begin with # are left out
    #[arg(long, value_name = "FILE")]
    header_file: Option<PathBuf>,
    /// Believe the certificates that a CA in this file has signed, and no others (PEM) [default: the system's CAs]
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    ca: Option<PathBuf>,
    /// Believe any certificate: whoever is on the way can read and change everything
    #[arg(long)]
    insecure: bool,
}

impl AccessOptions {
    /// The first option that was given, if one was.
    pub(in crate::rooms::cli) fn first_given(&self) -> Option<&'static str> {
        let given = [
            ("--header", !self.headers.is_empty()),
            ("--header-file", self.header_file.is_some()),
            ("--ca", self.ca.is_some()),
            ("--insecure", self.insecure),
        ];
        given.into_iter().find(|(_, is_given)| *is_given).map(|(option, _)| option)
    }

    /// The way to each of these URLs, with these header fields.
    pub(in crate::rooms::cli) fn routes<const N: usize>(
        &self,
        fields: RequestHeaders,
        urls: [Url; N],
    ) -> Result<[Route; N], Failure> {
        let is_encrypted = urls.iter().any(Url::is_https);
        for (option, is_given) in [("--ca", self.ca.is_some()), ("--insecure", self.insecure)] {
            if is_given && !is_encrypted {
                return Err(Failure::input(format!("{option}: no URL begins with https://, so nothing is encrypted")));
            }
        }
        let trust = match &self.ca {
            Some(file) => Trust::File(file.clone()),
            None if self.insecure => Trust::Everything,
            None => Trust::Platform,
        };
        let access = Access::new(fields, trust);
        if is_encrypted {
            // Now, so that a file without a certificate is found before anything is run.
            access.tls().map_err(Failure::input)?;
        }
        if self.insecure {
            console::complain(
                "warning: --insecure: no certificate is checked: whoever is on the way can read and change all that is \
                 sent, the values of --header too",
            );
        }
        Ok(urls.map(|url| Route::new(url, access.clone())))
    }

    /// The header fields. They are asked for before the URLs: what stands in the place of a URL may be the value of a field
    /// without quotes.
    pub(in crate::rooms::cli) fn fields(&self) -> Result<RequestHeaders, Failure> {
        let mut headers = RequestHeaders::default();
        for (index, TypedHeader(field)) in self.headers.iter().enumerate() {
            // By its number: what is no field may be a token all the same.
            let which = if self.headers.len() == 1 { String::new() } else { format!(" (number {})", index + 1) };
            headers.add(field).map_err(|why| Failure::input(format!("--header{which}: {why}")))?;
        }
        if let Some(file) = &self.header_file {
            read_into(&mut headers, file)?;
        }
        Ok(headers)
    }

    /// The options as they would be typed, without any value of a header.
    pub(in crate::rooms::cli) fn command(&self) -> String {
        let mut headers = RequestHeaders::default();
        for TypedHeader(field) in &self.headers {
            // A bad one has ended the command before.
            let _ = headers.add(field);
        }
        let files = [("header-file", &self.header_file), ("ca", &self.ca)];
        let files = files.iter().filter_map(|(name, file)| Some(format!(" --{name} {}", typed(file.as_deref()?))));
        let insecure = if self.insecure { " --insecure" } else { "" };
        format!("{}{}{insecure}", headers.redacted(), files.collect::<String>())
    }
}

fn read_into(headers: &mut RequestHeaders, file: &Path) -> Result<(), Failure> {
    let name = file.display();
    let text =
        read_small(file).map_err(|why| Failure::input(format!("--header-file {name}: cannot be read: {why}")))?;
    let is_field = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
    for (number, line) in text.lines().enumerate().filter(|(_, line)| is_field(line)) {
        let failed = |why| Failure::input(format!("--header-file {name}:{}: {why}", number + 1));
        headers.add(line).map_err(failed)?;
    }
    if headers.is_empty() {
        return Err(Failure::input(format!("--header-file {name}: has no header field")));
    }
    Ok(())
}
