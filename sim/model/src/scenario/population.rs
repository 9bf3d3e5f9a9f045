//! How many subscribers each class gets: fixed counts first, then shares by largest remainder.

use super::Class;

/// Members of each class among `subscribers`, in the classes' order.
///
/// Classes with a `count` get it, in order, as long as there are subscribers. The others share what is left by the
/// largest remainder (Hamilton's method; ties go to the earlier class), and each gets at least one where there are
/// enough to go round.
pub(crate) fn counts(classes: &[Class], subscribers: usize) -> Vec<usize> {
    let mut left = subscribers;
    let mut counts = vec![0; classes.len()];
    let mut sharing = Vec::new();
    for (class, members) in classes.iter().zip(&mut counts) {
        *members = class.count.unwrap_or(0).min(left);
        left -= *members;
    }
    for (index, class) in classes.iter().enumerate() {
        sharing.extend(class.share.map(|share| (index, share)));
    }
    let shares: Vec<f64> = sharing.iter().map(|(_, share)| *share).collect();
    for ((index, _), members) in sharing.iter().zip(apportion(&shares, left)) {
        counts[*index] = members;
    }
    counts
}

fn apportion(shares: &[f64], seats: usize) -> Vec<usize> {
    let quota = |share: f64| share * seats as f64;
    let mut given: Vec<usize> = shares.iter().map(|share| quota(*share).floor() as usize).collect();
    let mut by_remainder: Vec<usize> = (0..shares.len()).collect();
    // A stable sort: of equal remainders the earlier class comes first.
    by_remainder.sort_by(|a, b| {
        let remainder = |index: &usize| quota(shares[*index]) - quota(shares[*index]).floor();
        remainder(b).total_cmp(&remainder(a))
    });
    let over = seats.saturating_sub(given.iter().sum());
    // A cycle of nothing would never yield the seats that are left.
    for index in by_remainder.into_iter().cycle().take(if shares.is_empty() { 0 } else { over }) {
        given[index] += 1;
    }
    if seats >= shares.len() {
        spread_to_empty(&mut given);
    }
    given
}

/// Gives each class without members one of the largest class's.
fn spread_to_empty(given: &mut [usize]) {
    while let Some(empty) = given.iter().position(|members| *members == 0) {
        // Reversed: `max_by_key` takes the last of equals, and of equals the first class gives.
        let Some(largest) = (0..given.len()).rev().max_by_key(|index| given[*index]).filter(|index| given[*index] > 1)
        else {
            return;
        };
        given[largest] -= 1;
        given[empty] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::apportion;

    #[test]
    fn the_largest_remainders_get_the_seats_left_over() {
        assert_eq!(apportion(&[0.7, 0.22, 0.08], 10), [7, 2, 1]);
        assert_eq!(apportion(&[0.7, 0.22, 0.08], 100), [70, 22, 8]);
        // The textbook's 5, 2, 1, 1, 1, 0, and the largest gives the empty one a seat.
        assert_eq!(apportion(&[0.47, 0.16, 0.158, 0.12, 0.061, 0.031], 10), [4, 2, 1, 1, 1, 1]);
    }

    #[test]
    fn ties_go_to_the_earlier_class() {
        assert_eq!(apportion(&[0.5, 0.5], 3), [2, 1]);
    }

    #[test]
    fn each_class_has_a_member_where_there_are_enough_to_go_round() {
        assert_eq!(apportion(&[0.98, 0.01, 0.01], 3), [1, 1, 1]);
        assert_eq!(apportion(&[0.98, 0.01, 0.01], 2), [2, 0, 0]);
    }

    #[test]
    fn no_seat_is_lost_to_rounding() {
        for seats in 0..2000 {
            assert_eq!(apportion(&[0.1, 0.2, 0.3, 0.4], seats).iter().sum::<usize>(), seats);
        }
    }
}
