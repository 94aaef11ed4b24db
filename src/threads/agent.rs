//! What a thread carries: something that is turned.
//!
//! All four are called by the thread that carries the agent, from its first breath to its last.
//! The loop, the waiting and the counting are the runner's.

use std::cell::Cell;
use std::time::Duration;

/// A stage, or several, as a thread sees it.
pub trait Agent: Send {
    /// Who it is, in counters and when it fails.
    fn name(&self) -> &'static str;

    /// Once, on the thread, already bound to its core.
    fn on_start(&mut self) {}

    /// One turn: a bounded piece of work, and how much it was; 0 if there was nothing to do. Never
    /// waits.
    fn do_work(&mut self) -> usize;

    /// In place of a sleep between two turns: waits for what brings work, for so long at most.
    /// False where it knows of nothing to wait for; then it is slept.
    fn wait(&mut self, _most: Duration) -> bool {
        false
    }

    /// Once, after the last turn. What stands before it on the way has ended by then, so it can
    /// take what is left.
    fn on_close(&mut self) {}

    /// How often so far it found no room in a ring below: said by an agent that pushes into rings.
    fn rings_full(&self) -> u64 {
        0
    }
}

impl<A: Agent + ?Sized> Agent for Box<A> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn on_start(&mut self) {
        (**self).on_start();
    }

    fn do_work(&mut self) -> usize {
        (**self).do_work()
    }

    fn wait(&mut self, most: Duration) -> bool {
        (**self).wait(most)
    }

    fn on_close(&mut self) {
        (**self).on_close();
    }

    fn rings_full(&self) -> u64 {
        (**self).rings_full()
    }
}

thread_local! {
    /// The agent at work on this thread.
    static AT_WORK: Cell<&'static str> = const { Cell::new("") };
}

/// Says who is at work on this thread from now on.
pub(super) fn enter(name: &'static str) {
    AT_WORK.set(name);
}

/// The agent at work on this thread, none if it carries none: what a panic names.
#[must_use]
pub fn at_work() -> Option<&'static str> {
    Some(AT_WORK.get()).filter(|name| !name.is_empty())
}

/// Several agents that one thread turns in their order, as one.
pub struct Group {
    name: &'static str,
    agents: Vec<Box<dyn Agent>>,
}

impl Group {
    /// Those agents under one name.
    ///
    /// # Panics
    /// There is none: our own fault.
    #[must_use]
    pub fn new(name: &'static str, agents: Vec<Box<dyn Agent>>) -> Self {
        assert!(!agents.is_empty(), "a group has agents");
        Self { name, agents }
    }
}

impl std::fmt::Debug for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.agents.iter().map(Agent::name).collect();
        f.debug_struct("Group").field("name", &self.name).field("agents", &names).finish()
    }
}

impl Agent for Group {
    fn name(&self) -> &'static str {
        self.name
    }

    fn on_start(&mut self) {
        for agent in &mut self.agents {
            enter(agent.name());
            agent.on_start();
        }
    }

    fn do_work(&mut self) -> usize {
        let mut work = 0;
        for agent in &mut self.agents {
            enter(agent.name());
            work += agent.do_work();
        }
        work
    }

    fn on_close(&mut self) {
        for agent in &mut self.agents {
            enter(agent.name());
            agent.on_close();
        }
    }

    fn rings_full(&self) -> u64 {
        self.agents.iter().map(Agent::rings_full).sum()
    }
}
