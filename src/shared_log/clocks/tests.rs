use super::*;

/// A date at which the server's clock begins.
const BEGINS_AT: u64 = 1_764_547_200;

/// A server whose clock is right, and a stream whose broker's clock differs by so many seconds.
struct Watched {
    clocks: Clocks,
    /// Seconds since the beginning.
    now: u64,
    last: u64,
    created_at: Option<Duration>,
    newest_at: Option<Duration>,
}

impl Watched {
    fn new() -> Self {
        let created_at = Some(Duration::from_secs(BEGINS_AT - 100));
        Self { clocks: Clocks::default(), now: 0, last: 0, created_at, newest_at: None }
    }

    /// An event comes, and is stored by a clock that differs.
    fn stores(&mut self, differs: i64) {
        self.last += 1;
        self.newest_at = Some(Duration::from_secs((BEGINS_AT + self.now).saturating_add_signed(differs)));
    }

    /// The next look, a second after the one before, whose answer takes a tenth of a second.
    fn look(&mut self) -> Option<Line> {
        let asked_at = Duration::from_secs(BEGINS_AT + self.now);
        let received_at = asked_at + Duration::from_millis(100);
        self.now += 1;
        let times = Times { created_at: self.created_at, newest_at: self.newest_at };
        self.clocks.take("hubbub", Look { asked_at, received_at, last: self.last, times })
    }

    /// What is told over so many looks, with an event before each.
    fn looks(&mut self, count: u64, differs: i64) -> Vec<Line> {
        let look = |_| {
            self.stores(differs);
            self.look()
        };
        (0..count).filter_map(look).collect()
    }
}

fn wrong(line: &Line) -> &str {
    match line {
        Line::Wrong(line) => line,
        Line::RightAgain(line) => panic!("{line}"),
    }
}

#[test]
fn clocks_that_differ_by_a_few_seconds_are_not_told() {
    for differs in [-4, -1, 0, 1, 4] {
        let mut watched = Watched::new();
        assert_eq!(watched.looks(20, differs), [], "{differs}");
        assert!(watched.clocks.difference_ms().abs() <= 5000, "{}", watched.clocks.difference_ms());
    }
}

#[test]
fn a_broker_whose_clock_is_behind_is_told_once_with_both_times_and_once_when_it_is_right_again() {
    let mut watched = Watched::new();
    assert_eq!(watched.look(), None);
    let told = watched.looks(20, -3600);
    assert_eq!(told.len(), 1, "{told:?}");
    let line = wrong(&told[0]);
    let beginning = "the broker's clock is 3599 s behind this server's: the newest message of stream \"hubbub\" was stored at \
                     Sun, 30 Nov 2025 23:00:01 GMT, and here it is Mon, 01 Dec 2025 00:00:01 GMT. ";
    assert_eq!(line, format!("{beginning}{CONSEQUENCES}"));
    assert_eq!(watched.clocks.difference_ms(), -3_599_000, "one second is between two looks");
    let told = watched.looks(20, 0);
    assert_eq!(told, [Line::RightAgain("the clocks of stream \"hubbub\" and of this server agree again".to_owned())]);
}

#[test]
fn a_broker_whose_clock_is_ahead_is_told_and_the_other_way_round_is_another_line() {
    let mut watched = Watched::new();
    watched.look();
    let told = watched.looks(20, 3600);
    assert!(wrong(&told[0]).starts_with("the broker's clock is 3599 s ahead of this server's: "), "{told:?}");
    assert_eq!(told.len(), 1, "{told:?}");
    let told = watched.looks(20, -60);
    assert!(wrong(&told[0]).starts_with("the broker's clock is 59 s behind this server's: "), "{told:?}");
    assert_eq!(told.len(), 1, "{told:?}");
}

#[test]
fn a_stream_from_the_future_is_told_once_though_nothing_comes_and_until_that_time_is_there() {
    // Stored 20 seconds ahead, before this server began: no look measures the clock of the broker.
    let mut watched = Watched::new();
    watched.stores(20);
    let mut told = Vec::new();
    for _ in 0..30 {
        told.extend(watched.look().map(|line| (watched.now, line)));
    }
    let [(first, line), (last, Line::RightAgain(_))] = &told[..] else { panic!("{told:?}") };
    let why = "stream \"hubbub\" is from the future: its newest message was stored at Mon, 01 Dec 2025 00:00:20 GMT, and here it is ";
    assert!(wrong(line).starts_with(why), "{line:?}");
    assert_eq!((*first, *last), (1, 16), "as long as it is more than five seconds ahead");
    let mut watched = Watched::new();
    watched.created_at = Some(Duration::from_secs(BEGINS_AT + 7200));
    let told = watched.look();
    let line = told.as_ref().map(wrong).unwrap();
    assert!(
        line.contains("from the future: it was created at Mon, 01 Dec 2025 02:00:00 GMT, and here it is "),
        "{line}"
    );
    assert_eq!(watched.looks(20, 0), []);
}

#[test]
fn what_no_look_can_measure_is_not_told() {
    // A message from long ago, an empty stream, and a stream that tells no times.
    let mut old = Watched::new();
    old.stores(-90_000);
    assert_eq!((old.look(), old.look()), (None, None));
    let mut empty = Watched::new();
    assert_eq!((empty.look(), empty.look()), (None, None));
    let mut silent = Watched::new();
    silent.created_at = None;
    for _ in 0..10 {
        silent.last += 1;
        assert_eq!(silent.look(), None);
    }
}

#[test]
fn a_message_that_came_while_the_server_was_not_there_for_a_while_differs_by_nothing() {
    let mut watched = Watched::new();
    watched.look();
    watched.stores(0);
    // An hour without an answer: the event may have come at any time of it.
    watched.now += 3600;
    assert_eq!(watched.look(), None);
    assert_eq!(watched.clocks.difference_ms(), 0);
}
