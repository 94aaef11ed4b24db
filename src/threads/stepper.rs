//! Agents on one thread in seeded random order: the mode `stepped`, for tests.
//!
//! One seed, one story: the same agents with the same seed take the same turns. Agents are chosen
//! each time anew, so one may run several times while another waits: what depends on the order of
//! threads shows itself by a seed that can be kept.

use super::agent::{Agent, enter};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

/// The agents and the dice.
pub struct Stepper {
    agents: Vec<Box<dyn Agent>>,
    random: Xoshiro256PlusPlus,
    /// The order of a whole round, kept to be shuffled again.
    order: Vec<usize>,
}

impl std::fmt::Debug for Stepper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.agents.iter().map(Agent::name).collect();
        f.debug_struct("Stepper").field("agents", &names).finish_non_exhaustive()
    }
}

impl Stepper {
    /// Starts the agents, in the order given.
    ///
    /// # Panics
    /// There is none: our own fault.
    #[must_use]
    pub fn new(mut agents: Vec<Box<dyn Agent>>, seed: u64) -> Self {
        assert!(!agents.is_empty(), "a stepper has agents");
        for agent in &mut agents {
            enter(agent.name());
            agent.on_start();
        }
        let order = (0..agents.len()).collect();
        Self { agents, random: Xoshiro256PlusPlus::seed_from_u64(seed), order }
    }

    /// One turn of one agent, chosen at random; says how much it did.
    pub fn turn(&mut self) -> usize {
        let chosen = self.below(self.agents.len());
        self.step(chosen)
    }

    /// Turns until each agent, asked in random order, has nothing to do; false if that does not
    /// come about within so many rounds.
    pub fn settle(&mut self, rounds_max: usize) -> bool {
        for _ in 0..rounds_max {
            // The shuffle of Fisher and Yates, from the end.
            for last in (1..self.order.len()).rev() {
                let other = self.below(last + 1);
                self.order.swap(last, other);
            }
            let work: usize = (0..self.order.len()).map(|n| self.step(self.order[n])).sum();
            if work == 0 {
                return true;
            }
        }
        false
    }

    /// Ends the agents, in the order given at the start.
    pub fn close(mut self) -> Vec<Box<dyn Agent>> {
        for agent in &mut self.agents {
            enter(agent.name());
            agent.on_close();
        }
        self.agents
    }

    fn step(&mut self, place: usize) -> usize {
        let agent = &mut self.agents[place];
        enter(agent.name());
        agent.do_work()
    }

    /// A number below `n`: the high half of a product, biased by less than 2⁻⁵⁰ for any count of
    /// agents.
    fn below(&mut self, n: usize) -> usize {
        let product = u128::from(self.random.next_u64()) * n as u128;
        usize::try_from(product >> 64).expect("it is below n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// Passes a token on: writes its name down at each turn, and works as often as it is told.
    struct Scribe {
        name: &'static str,
        work: usize,
        log: Arc<Mutex<String>>,
    }

    impl Scribe {
        fn write(&self, mark: &str) {
            let mut log = self.log.lock().unwrap();
            log.push_str(mark);
            log.push_str(self.name);
        }
    }

    impl Agent for Scribe {
        fn name(&self) -> &'static str {
            self.name
        }

        fn on_start(&mut self) {
            self.write("+");
        }

        fn do_work(&mut self) -> usize {
            assert_eq!(super::super::agent::at_work(), Some(self.name));
            self.write("");
            let work = usize::from(self.work > 0);
            self.work -= work;
            work
        }

        fn on_close(&mut self) {
            self.write("-");
        }
    }

    fn stepper(seed: u64, work: usize) -> (Stepper, Arc<Mutex<String>>) {
        let log = Arc::new(Mutex::new(String::new()));
        let agents = ["a", "b", "c"]
            .map(|name| -> Box<dyn Agent> { Box::new(Scribe { name, work, log: log.clone() }) });
        (Stepper::new(agents.into(), seed), log)
    }

    /// What the agents of a seed wrote in so many turns.
    fn story(seed: u64, turns: usize) -> String {
        let (mut stepper, log) = stepper(seed, 0);
        (0..turns).for_each(|_| assert_eq!(stepper.turn(), 0));
        let _ = stepper.close();
        let text = log.lock().unwrap().clone();
        text.strip_prefix("+a+b+c").unwrap().strip_suffix("-a-b-c").unwrap().to_owned()
    }

    #[test]
    fn one_seed_is_one_story_and_another_seed_is_another() {
        for seed in 0..20 {
            assert_eq!(story(seed, 60), story(seed, 60));
            assert_ne!(story(seed, 60), story(seed + 1, 60));
        }
    }

    #[test]
    fn every_order_of_three_turns_comes_about() {
        let mut orders: Vec<_> = (0..1_000).map(|seed| story(seed, 3)).collect();
        orders.sort();
        orders.dedup();
        assert_eq!(orders.len(), 27, "also an agent that runs three times while others wait");
    }

    #[test]
    fn it_settles_when_none_has_work() {
        for seed in 0..50 {
            let (mut some, log) = stepper(seed, 4);
            assert!(!some.settle(4), "there is work in the fourth round");
            assert!(some.settle(1));
            assert_eq!(log.lock().unwrap().len(), "+a+b+c".len() + 15);
        }
    }
}
