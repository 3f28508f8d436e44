//! Random choices, the same in every run, and made smaller when a property fails.

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

/// Bytes that stand for choices, first come first served. At its end every
/// choice is the first one, so a shorter tape makes a simpler case.
pub(crate) struct Tape {
    bytes: Vec<u8>,
    next: usize,
}

impl Tape {
    /// One of so many, at most 256.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let byte = self.bytes.get(self.next).copied().unwrap_or_default();
        self.next += 1;
        usize::from(byte) % end.max(1)
    }

    /// True once in so many times.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    /// One of these.
    pub(crate) fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    /// All bytes that are left.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let rest = self.bytes.get(self.next..).unwrap_or_default().to_vec();
        self.next = self.bytes.len();
        rest
    }
}

/// How many choices a case takes at most; what asks for more gets first choices.
const CHOICES_MAX: usize = 700;

/// Checks a property over so many cases, and shows the simplest one that breaks it.
#[track_caller]
pub(crate) fn check(cases: u32, property: impl Fn(&mut Tape) -> Result<(), String>) {
    let config = Config {
        cases,
        // The same cases everywhere, and no file to remember others by.
        rng_seed: RngSeed::Fixed(20_260_823),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&vec(any::<u8>(), 0..CHOICES_MAX), |bytes| {
        let mut tape = Tape { bytes, next: 0 };
        property(&mut tape).map_err(TestCaseError::fail)
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, _)) => panic!("{reason}"),
        Err(TestError::Abort(reason)) => panic!("gave up: {reason}"),
    }
}
