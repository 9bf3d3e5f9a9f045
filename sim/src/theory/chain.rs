//! The stationary distribution of a finite Markov chain.

/// Shares of time (or of steps) in each state, from the rates (or probabilities) of going from one state to another;
/// what stands on the diagonal does not matter. Every state must be reachable from every other.
///
/// The elimination of Grassmann, Taksar and Heyman, "Regenerative analysis and steady state distributions for Markov
/// chains", *Operations Research* 33 (1985), 1107–1116: it never subtracts, so that the smallest shares are as exact,
/// relatively, as the largest.
pub(super) fn stationary(mut rates: Vec<Vec<f64>>) -> Vec<f64> {
    let states = rates.len();
    for last in (1..states).rev() {
        let (before, rest) = rates.split_at_mut(last);
        let leaves = &rest[0];
        // Above zero: in a connected chain, every state reaches those that are left.
        let total: f64 = leaves[..last].iter().sum();
        for row in before {
            // Divided in place: the second pass below needs the quotient.
            row[last] /= total;
            let part = row[last];
            row[..last].iter_mut().zip(&leaves[..last]).for_each(|(rate, onward)| *rate += part * onward);
        }
    }
    let mut shares = vec![1.0];
    for state in 1..states {
        let share = shares.iter().zip(&rates).map(|(share, row)| share * row[state]).sum();
        shares.push(share);
    }
    let sum: f64 = shares.iter().sum();
    shares.into_iter().map(|share| share / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_that_goes_round_is_everywhere_as_often_as_it_stays_long() {
        let shares = stationary(vec![vec![0.0, 1.0, 0.0], vec![0.0, 0.0, 2.0], vec![4.0, 0.0, 0.0]]);
        let expected = [4.0 / 7.0, 2.0 / 7.0, 1.0 / 7.0];
        assert!(shares.iter().zip(expected).all(|(share, expected)| (share - expected).abs() < 1e-15), "{shares:?}");
    }

    #[test]
    fn the_smallest_share_is_as_exact_as_the_largest() {
        let states = 40;
        let rate = |from: usize, to: usize| match (from, to) {
            (from, to) if to == from + 1 => 0.1,
            (from, to) if from == to + 1 => 1.0,
            _ => 0.0,
        };
        let shares = stationary((0..states).map(|from| (0..states).map(|to| rate(from, to)).collect()).collect());
        for (state, pair) in shares.windows(2).enumerate() {
            assert!((pair[1] / pair[0] - 0.1).abs() < 1e-14, "state {state}");
        }
    }
}
