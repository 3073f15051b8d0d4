//! Functions without data of their own that find some: the runtime knows a kernel as a plain function, and an interpreted one needs its plan.
//! So there are a number of plain functions, each with a slot for what it is to call, which are borrowed for a while.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, RwLock};

use loss_runtime::Element;
use loss_runtime::job::{Job, Outputs};
use loss_runtime::registry::{DomainCheck, Run};

/// Runs a whole call, and gives the sum of the values over rows not dropped.
pub(crate) trait Driver<T>: Send + Sync {
    /// See [`Run`].
    fn run(&self, job: &Job<'_, T>, outputs: &mut Outputs<'_, T>) -> f64;

    /// See [`DomainCheck`]: the first place at which a condition does not hold.
    fn first_violation(&self, _: &Job<'_, T>) -> Option<usize> {
        None
    }
}

/// How many kernels there can be at a time: those of a few losses, each with its variants and reductions.
pub(crate) const SLOTS: usize = 256;

type Slot<T> = RwLock<Option<Arc<dyn Driver<T>>>>;

/// What drivers of one float type are borrowed from.
pub(crate) struct Slots<T: 'static> {
    drivers: [Slot<T>; SLOTS],
    runs: [Run<T>; SLOTS],
    checks: [DomainCheck<T>; SLOTS],
    /// Which are free.
    free: Mutex<Vec<usize>>,
    returned: Condvar,
}

/// A float type that has slots.
pub(crate) trait Slotted: Element {
    /// They.
    fn slots() -> &'static Slots<Self>;
}

fn call<T: Slotted, const SLOT: usize>(job: &Job<'_, T>, outputs: &mut Outputs<'_, T>) -> f64 {
    let held = T::slots().drivers[SLOT].read().ok().and_then(|slot| slot.clone());
    // A kernel that outlives its mutant computes nothing that could be taken for an answer.
    held.map_or(f64::NAN, |driver| driver.run(job, outputs))
}

fn check<T: Slotted, const SLOT: usize>(job: &Job<'_, T>) -> Option<usize> {
    let held = T::slots().drivers[SLOT].read().ok().and_then(|slot| slot.clone());
    held.and_then(|driver| driver.first_violation(job))
}

/// A function for every slot.
macro_rules! of_all_slots {
    ($call:ident $float:ty; $($high:literal)+) => { [$(
        $call::<$float, { 16 * $high }>, $call::<$float, { 16 * $high + 1 }>,
        $call::<$float, { 16 * $high + 2 }>, $call::<$float, { 16 * $high + 3 }>,
        $call::<$float, { 16 * $high + 4 }>, $call::<$float, { 16 * $high + 5 }>,
        $call::<$float, { 16 * $high + 6 }>, $call::<$float, { 16 * $high + 7 }>,
        $call::<$float, { 16 * $high + 8 }>, $call::<$float, { 16 * $high + 9 }>,
        $call::<$float, { 16 * $high + 10 }>, $call::<$float, { 16 * $high + 11 }>,
        $call::<$float, { 16 * $high + 12 }>, $call::<$float, { 16 * $high + 13 }>,
        $call::<$float, { 16 * $high + 14 }>, $call::<$float, { 16 * $high + 15 }>,
    )+] };
}

macro_rules! slots {
    ($float:ty) => {
        impl Slotted for $float {
            fn slots() -> &'static Slots<Self> {
                static ALL: std::sync::OnceLock<Slots<$float>> = std::sync::OnceLock::new();
                ALL.get_or_init(|| Slots {
                    drivers: [const { RwLock::new(None) }; SLOTS],
                    runs: of_all_slots!(call $float; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15),
                    checks: of_all_slots!(check $float; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15),
                    free: Mutex::new((0..SLOTS).collect()),
                    returned: Condvar::new(),
                })
            }
        }
    };
}

slots!(f32);
slots!(f64);

/// A borrowed slot; it is given back when dropped.
pub(crate) struct Lease<T: Slotted> {
    slot: usize,
    /// The function that runs the driver.
    pub(crate) run: Run<T>,
    /// The function that asks it for the first violation.
    pub(crate) check: DomainCheck<T>,
}

impl<T: Slotted> Lease<T> {
    /// Borrows a slot for a driver, and waits for one if all are lent.
    pub(crate) fn new(driver: Arc<dyn Driver<T>>) -> Self {
        let slots = T::slots();
        let slot = {
            let mut free = unpoisoned(slots.free.lock());
            loop {
                if let Some(slot) = free.pop() {
                    break slot;
                }
                free = unpoisoned(slots.returned.wait(free));
            }
        };
        *unpoisoned(slots.drivers[slot].write()) = Some(driver);
        Self { slot, run: slots.runs[slot], check: slots.checks[slot] }
    }
}

impl<T: Slotted> Drop for Lease<T> {
    fn drop(&mut self) {
        let slots = T::slots();
        *unpoisoned(slots.drivers[self.slot].write()) = None;
        unpoisoned(slots.free.lock()).push(self.slot);
        slots.returned.notify_one();
    }
}

impl<T: Slotted> fmt::Debug for Lease<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lease({})", self.slot)
    }
}

/// A check that panics leaves nothing half done in here.
fn unpoisoned<G>(guard: Result<G, std::sync::PoisonError<G>>) -> G {
    guard.unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{SLOTS, Slotted};

    #[test]
    fn every_slot_has_a_function_of_its_own() {
        let mut addresses: Vec<usize> = f64::slots().runs.iter().map(|run| *run as usize).collect();
        addresses.sort_unstable();
        addresses.dedup();
        assert_eq!(addresses.len(), SLOTS);
    }
}
