//! Several servers on the same plans, beside each other.

use std::fmt;
use std::fs;
use std::path::Path;

use super::swept::failed;
use super::{ServerSweep, Testbed, TestbedError};
use crate::figure::{self, Figure};
use crate::plan::Plan;
use crate::report;
use crate::scenario::Scenario;
use crate::summary::document::Cell;
use crate::summary::json;
use crate::summary::servers::{OnScenario, SCHEMA, ServerRow, Servers, SizeOfServer};

/// Several servers on the same plans: what each missed at which buffer, how old events were, what it cost, and which
/// size loses nothing. It prints as tables of at most 80 columns.
///
/// ```no_run
/// # fn compare(mine: hubbub_sim::Testbed, other: hubbub_sim::Testbed) -> Result<(), hubbub_sim::TestbedError> {
/// use hubbub_sim::{Comparison, Scenario};
///
/// let compared = Comparison::of(&[mine, other], &[Scenario::named("ci-build")?])?;
/// compared.write(std::path::Path::new("target/compared"))?;
/// assert!(compared.to_string().contains("ci-build"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    document: Servers,
}

/// The file of the document in a folder.
const FILE: &str = "servers.json";

impl Comparison {
    /// Sweeps every server on every scenario.
    ///
    /// # Errors
    /// As [`Testbed::run`].
    pub fn of(servers: &[Testbed], scenarios: &[Scenario]) -> Result<Self, TestbedError> {
        let scenarios = scenarios.iter().map(|scenario| on_scenario(servers, scenario)).collect::<Result<_, _>>()?;
        let document = Servers { schema: SCHEMA.to_owned(), command: String::new(), scenarios };
        // As it is written: with rounded numbers, and what is read again is equal to what was made.
        Ok(Self { document: serde_json::from_str(&json::stable(&document)).unwrap_or(document) })
    }

    /// The same comparison, whose page names the command that makes it.
    #[must_use]
    pub fn made_by(mut self, command: impl Into<String>) -> Self {
        self.document.command = command.into();
        self
    }

    /// Reads what [`Comparison::write`] has left in a folder.
    ///
    /// # Errors
    /// When the file cannot be read, or holds something else.
    pub fn read(folder: &Path) -> Result<Self, TestbedError> {
        let file = folder.join(FILE);
        let text = fs::read_to_string(&file).map_err(|why| failed(&file, why))?;
        let document = serde_json::from_str(&text).map_err(|why| failed(&file, why.into()))?;
        Ok(Self { document })
    }

    /// The same comparison, in which the scenarios of another one have taken the place of those with the same names.
    #[must_use]
    pub fn with(mut self, newer: Self) -> Self {
        for on in newer.document.scenarios {
            match self.document.scenarios.iter_mut().find(|old| old.scenario == on.scenario) {
                Some(old) => *old = on,
                None => self.document.scenarios.push(on),
            }
        }
        self
    }

    /// What differs from another comparison on the scenarios of this one, a line each.
    #[must_use]
    pub fn differences(&self, published: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        for on in &self.document.scenarios {
            let name = &on.scenario;
            let Some(old) = published.document.scenarios.iter().find(|old| old.scenario == *name) else {
                lines.push(format!("{name}: is not there"));
                continue;
            };
            let differing = on.rows.iter().filter(|row| !old.rows.contains(row));
            lines.extend(differing.map(|row| format!("{name}: {} at {} frames differs", row.server, row.buffer)));
            let differing = on.sizes.iter().filter(|size| !old.sizes.contains(size));
            lines.extend(differing.map(|size| format!("{name}: the size of {} differs", size.server)));
            if lines.is_empty() && on != old {
                lines.push(format!("{name}: differs"));
            }
        }
        lines
    }

    /// One figure of all: what was missed at which buffer.
    #[must_use]
    pub fn figure(&self) -> Figure {
        figure::servers::draw(&self.document)
    }

    /// Writes document, figure and tables into a folder, which is made.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), TestbedError> {
        fs::create_dir_all(folder).map_err(|why| failed(folder, why))?;
        let figure = self.figure();
        let files = [
            (FILE.to_owned(), json::stable(&self.document).into_bytes()),
            ("README.md".to_owned(), report::servers::readme(&self.document).into_bytes()),
            (format!("{}.svg", figure.name), figure.svg.into_bytes()),
            (format!("{}.png", figure.name), figure.png),
        ];
        for (name, content) in files {
            let path = folder.join(name);
            fs::write(&path, content).map_err(|why| failed(&path, why))?;
        }
        Ok(())
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&report::servers::terminal(&self.document))
    }
}

fn on_scenario(servers: &[Testbed], scenario: &Scenario) -> Result<OnScenario, TestbedError> {
    let first = Plan::draw(scenario, scenario.subscribers().first().copied().unwrap_or(0), 0);
    let payload_bytes = first.payload_bytes() / (first.arrivals.len() as u64).max(1);
    let (mut rows, mut sizes) = (Vec::new(), Vec::new());
    for server in servers {
        let swept = server.sweep(scenario)?;
        let hidden = server.hidden_frames(u32::try_from(payload_bytes).unwrap_or(u32::MAX))?;
        rows.extend(swept.cells().iter().map(|cell| row(server.name(), cell)));
        sizes.extend(sizes_of(server.name(), &swept, hidden));
    }
    Ok(OnScenario {
        scenario: scenario.name().to_owned(),
        seeds: scenario.seeds(),
        virtual_seconds: scenario.duration().as_secs_f64(),
        mean_per_second: first.mean_per_second(),
        payload_bytes,
        rows,
        sizes,
    })
}

fn row(server: &str, cell: &Cell) -> ServerRow {
    ServerRow {
        server: server.to_owned(),
        subscribers: cell.subscribers,
        buffer: cell.buffer,
        wanted: cell.wanted,
        missed: cell.missed,
        age_ms: cell.receipt_latency_ms,
        memory: cell.memory_bytes_per_subscriber,
        digest: cell.digest.clone(),
    }
}

fn sizes_of(server: &str, swept: &ServerSweep, hidden: u64) -> Vec<SizeOfServer> {
    let of = |size: &super::ServerSize| SizeOfServer {
        server: server.to_owned(),
        subscribers: size.subscribers,
        frames: size.frames.map(|frames| frames as u64),
        hidden,
    };
    swept.sizes.iter().map(of).collect()
}
