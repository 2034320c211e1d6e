//! Tasks that wait for each other in a circle. Pure.

use std::collections::HashMap;

/// The circles among waiting tasks, each one task by task in the direction of waiting. `waits_for`
/// holds, for each waiting task, the waiting tasks it waits for.
///
/// Every circle shares a task with one of those that are returned: when their tasks have failed,
/// nothing waits in a circle any longer.
pub(super) fn cycles(waits_for: &[(usize, Vec<usize>)]) -> Vec<Vec<usize>> {
    let edges: HashMap<usize, &[usize]> =
        waits_for.iter().map(|(task, others)| (*task, others.as_slice())).collect();
    let mut seen: HashMap<usize, Seen> = HashMap::new();
    let mut found = Vec::new();
    for (task, _) in waits_for {
        if !seen.contains_key(task) {
            walk(*task, &edges, &mut seen, &mut found);
        }
    }
    found
}

#[derive(Clone, Copy, PartialEq)]
enum Seen {
    /// On the way that is being walked.
    OnTheWay,
    /// Everything behind it is known.
    Done,
}

/// Depth first, without recursion: a chain may be as long as a plan.
fn walk(
    start: usize,
    edges: &HashMap<usize, &[usize]>,
    seen: &mut HashMap<usize, Seen>,
    found: &mut Vec<Vec<usize>>,
) {
    let mut way: Vec<(usize, usize)> = vec![(start, 0)];
    seen.insert(start, Seen::OnTheWay);
    while let Some((task, next)) = way.last_mut() {
        let others = edges.get(task).copied().unwrap_or_default();
        let Some(other) = others.get(*next).copied() else {
            seen.insert(*task, Seen::Done);
            way.pop();
            continue;
        };
        *next += 1;
        match seen.get(&other) {
            None => {
                seen.insert(other, Seen::OnTheWay);
                way.push((other, 0));
            }
            Some(Seen::OnTheWay) => {
                let from = way.iter().position(|(task, _)| *task == other).unwrap_or_default();
                found.push(way[from..].iter().map(|(task, _)| *task).collect());
            }
            Some(Seen::Done) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_named_task_by_task() {
        let check = |edges: &[(usize, &[usize])], expect: &[&[usize]]| {
            let edges: Vec<_> =
                edges.iter().map(|(task, others)| (*task, others.to_vec())).collect();
            assert_eq!(cycles(&edges), expect, "{edges:?}");
        };
        check(&[], &[]);
        check(&[(0, &[1]), (1, &[])], &[]);
        check(&[(0, &[0])], &[&[0]]);
        check(&[(0, &[1]), (1, &[2]), (2, &[0])], &[&[0, 1, 2]]);
        check(&[(0, &[1]), (1, &[2]), (2, &[1])], &[&[1, 2]]);
        check(&[(0, &[1]), (1, &[0]), (4, &[5]), (5, &[4])], &[&[0, 1], &[4, 5]]);
        check(&[(0, &[1, 2]), (1, &[3]), (2, &[3]), (3, &[])], &[]);
        let chain: Vec<_> = (0..100_000).map(|task| (task, vec![(task + 1) % 100_000])).collect();
        assert_eq!(cycles(&chain)[0].len(), 100_000);
    }
}
