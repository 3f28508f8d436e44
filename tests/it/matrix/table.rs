//! What can go wrong, and when: the tables from which every cell is made.

use azure_simulator::Fault as Answer;
use serde_json::{Value as Json, json};

/// What is made and destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Copy,
    Collection,
}

/// How far a create or a destroy has come when the fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It looks at what there is.
    Looks,
    /// The PUT is sent, and will never arrive.
    PutLost,
    /// The PUT has arrived, and is not answered.
    PutTaken,
    /// The PUT is answered, and the operation was not looked at.
    PutAnswered,
    /// The operation is followed.
    Running,
    /// The data follows.
    Replicating,
    /// A destroy looks at what there is.
    DeleteLooks,
    /// The DELETE is sent, and not answered.
    DeleteSent,
    /// The deletion is followed.
    Deleting,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    ProviderKilled,
    TerraformKilled,
    Interrupt,
    TwoInterrupts,
    SignInLost,
    Denied,
    Reset,
    Resets,
    HoleNotTaken,
    HoleTaken,
    NotFound,
    Gone,
    TokenExpired,
    ServerErrors,
    Truncated,
    NotJson,
    TooManyRequests,
    Deadline,
}

/// How a fault is brought about.
#[derive(Clone, Copy)]
pub(super) enum Deed {
    /// This happens once the phase is reached.
    Event(Event),
    /// The next requests of the phase are answered like this: so many, or all of them.
    Answers(fn() -> Answer, Option<usize>),
}

/// What happens at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    KillProvider,
    KillTerraform,
    Interrupt,
    InterruptTwice,
    LoseSignIn,
    ExpireToken,
    Vanish,
    /// Nothing happens until the deadline has passed.
    Nothing,
}

/// What comes of the command that the fault strikes, if nobody helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// It comes to an end by itself.
    Ends,
    /// It goes on, so Azure goes on, too.
    GoesOn,
    /// Only its deadline ends it.
    UntilDeadline,
}

impl Phase {
    /// Every column, with its head.
    pub(super) const ALL: [(Self, &'static str); 9] = [
        (Self::Looks, "before PUT"),
        (Self::PutLost, "PUT lost"),
        (Self::PutTaken, "PUT taken"),
        (Self::PutAnswered, "PUT answered"),
        (Self::Running, "operation"),
        (Self::Replicating, "replicating"),
        (Self::DeleteLooks, "before DELETE"),
        (Self::DeleteSent, "DELETE sent"),
        (Self::Deleting, "deleting"),
    ];

    /// Whether it is one of a destroy.
    pub(super) fn destroys(self) -> bool {
        matches!(self, Self::DeleteLooks | Self::DeleteSent | Self::Deleting)
    }
}

impl Fault {
    /// Every row, with its head.
    pub(super) const ALL: [(Self, &'static str); 18] = [
        (Self::ProviderKilled, "kill -9 of the provider"),
        (Self::TerraformKilled, "kill -9 of Terraform"),
        (Self::Interrupt, "SIGINT once"),
        (Self::TwoInterrupts, "SIGINT twice"),
        (Self::SignInLost, "sign-in lost for good"),
        (Self::Denied, "403 for good"),
        (Self::Reset, "connection reset once"),
        (Self::Resets, "connection resets"),
        (Self::HoleNotTaken, "black hole, not taken"),
        (Self::HoleTaken, "black hole, taken"),
        (Self::NotFound, "404 once"),
        (Self::Gone, "really gone"),
        (Self::TokenExpired, "token expires"),
        (Self::ServerErrors, "503 three times"),
        (Self::Truncated, "answer truncated"),
        (Self::NotJson, "answer is no JSON"),
        (Self::TooManyRequests, "429 with Retry-After"),
        (Self::Deadline, "deadline passes"),
    ];

    /// How it is brought about in this phase.
    pub(super) fn deed(self, phase: Phase) -> Deed {
        use Deed::{Answers, Event};
        // Where one request is all there is, it brings back the refusal itself.
        let is_one_request = matches!(phase, Phase::PutLost | Phase::PutTaken | Phase::DeleteSent);
        match self {
            Self::ProviderKilled => Event(self::Event::KillProvider),
            Self::TerraformKilled => Event(self::Event::KillTerraform),
            Self::Interrupt => Event(self::Event::Interrupt),
            Self::TwoInterrupts => Event(self::Event::InterruptTwice),
            Self::SignInLost => Event(self::Event::LoseSignIn),
            Self::Denied => Answers(|| refusal(403, "AuthorizationFailed"), None),
            Self::Reset => Answers(|| Answer::close(false), Some(1)),
            Self::Resets => Answers(|| Answer::close(false), None),
            Self::HoleNotTaken => Answers(|| Answer::black_hole(false), None),
            Self::HoleTaken => Answers(|| Answer::black_hole(true), None),
            Self::NotFound => Answers(|| refusal(404, "ResourceNotFound"), Some(1)),
            Self::Gone => Event(self::Event::Vanish),
            Self::TokenExpired if is_one_request => {
                Answers(|| refusal(401, "ExpiredAuthenticationToken"), Some(1))
            }
            Self::TokenExpired => Event(self::Event::ExpireToken),
            Self::ServerErrors => Answers(|| refusal(503, "ServerBusy"), Some(3)),
            Self::Truncated => Answers(Answer::truncate, Some(1)),
            Self::NotJson => Answers(Answer::not_json, Some(1)),
            Self::TooManyRequests => {
                let limited = || refusal(429, "OperationNotAllowed").header("Retry-After", "1");
                Answers(limited, Some(1))
            }
            Self::Deadline => Event(self::Event::Nothing),
        }
    }

    /// What comes of the command that it strikes.
    pub(super) fn course(self) -> Course {
        match self {
            Self::ProviderKilled
            | Self::TerraformKilled
            | Self::Interrupt
            | Self::TwoInterrupts
            | Self::SignInLost => Course::Ends,
            Self::Denied
            | Self::Reset
            | Self::NotFound
            | Self::Gone
            | Self::TokenExpired
            | Self::ServerErrors
            | Self::Truncated
            | Self::NotJson
            | Self::TooManyRequests => Course::GoesOn,
            Self::Resets | Self::HoleNotTaken | Self::HoleTaken | Self::Deadline => {
                Course::UntilDeadline
            }
        }
    }
}

/// Cells that make no sense, and why. No faults stand for all of them.
type LeftOut = (
    &'static [Subject],
    &'static [Fault],
    &'static [Phase],
    &'static str,
);

/// Which cells make no sense.
const LEFT_OUT: [LeftOut; 13] = {
    use Fault::{
        Deadline, Denied, Gone, HoleNotTaken, HoleTaken, NotFound, NotJson, Reset, Resets,
        ServerErrors, TooManyRequests, Truncated,
    };
    use Phase::{
        DeleteLooks, DeleteSent, Deleting, Looks, PutAnswered, PutLost, PutTaken, Replicating,
        Running,
    };
    use Subject::{Collection, Copy};
    const BOTH: &[Subject] = &[Copy, Collection];
    [
        (
            &[Collection],
            &[],
            &[PutAnswered, Running, Replicating],
            "a collection is there with the answer to its PUT",
        ),
        (
            BOTH,
            &[
                Denied,
                Reset,
                Resets,
                HoleNotTaken,
                HoleTaken,
                NotFound,
                ServerErrors,
                Truncated,
                NotJson,
                TooManyRequests,
            ],
            &[PutAnswered],
            "nothing is asked between the answer and the first look at the operation",
        ),
        (
            BOTH,
            &[HoleTaken],
            &[Looks, Running, Replicating, DeleteLooks, Deleting],
            "a look has no effect that Azure could take",
        ),
        (BOTH, &[HoleTaken], &[PutLost], "this PUT never arrives"),
        (BOTH, &[HoleNotTaken], &[PutTaken], "this PUT has arrived"),
        (
            BOTH,
            &[Deadline],
            &[Looks, PutLost, PutTaken, DeleteLooks, DeleteSent],
            "here only a black hole lasts so long, and has a row of its own",
        ),
        (
            &[Collection],
            &[Gone],
            &[Looks],
            "a collection is made although its source is gone",
        ),
        (
            &[Collection],
            &[Gone],
            &[PutTaken],
            "nothing is asked after the answer that says that it is there",
        ),
        (BOTH, &[Gone], &[PutLost], "nothing is there yet"),
        (
            BOTH,
            &[Truncated, NotJson],
            &[PutLost],
            "what is answered has arrived",
        ),
        (
            BOTH,
            &[Truncated],
            &[DeleteSent],
            "the answer to a DELETE has no body",
        ),
        (
            BOTH,
            &[NotFound],
            &[DeleteSent],
            "that nothing is there is what a DELETE is for",
        ),
        (
            &[Collection],
            &[NotFound],
            &[Looks],
            "that nothing is there is what the look expects",
        ),
    ]
};

/// Why a cell is left out; `None` where it makes sense.
pub(super) fn left_out(subject: Subject, fault: Fault, phase: Phase) -> Option<&'static str> {
    let row = LEFT_OUT.iter().find(|(subjects, faults, phases, _)| {
        let named = faults.is_empty() || faults.contains(&fault);
        subjects.contains(&subject) && named && phases.contains(&phase)
    });
    row.map(|(.., reason)| *reason)
}

/// Every reason for leaving something out that holds for this subject.
pub(super) fn reasons(subject: Subject) -> impl Iterator<Item = &'static str> {
    LEFT_OUT
        .iter()
        .filter(move |(subjects, ..)| subjects.contains(&subject))
        .map(|(.., reason)| *reason)
}

/// The cells that the real Terraform goes through, too.
pub(super) const THROUGH_TERRAFORM: [(Subject, Fault, Phase); 17] = {
    use Fault::{
        Deadline, Denied, Gone, Interrupt, ProviderKilled, SignInLost, TerraformKilled,
        TwoInterrupts,
    };
    use Phase::{DeleteSent, Deleting, PutTaken, Replicating, Running};
    use Subject::{Collection, Copy};
    [
        (Copy, ProviderKilled, PutTaken),
        (Copy, ProviderKilled, Replicating),
        (Copy, TerraformKilled, PutTaken),
        (Copy, TerraformKilled, Running),
        (Copy, TerraformKilled, Replicating),
        (Copy, TerraformKilled, Deleting),
        (Copy, Interrupt, Running),
        (Copy, Interrupt, Deleting),
        (Copy, TwoInterrupts, PutTaken),
        (Copy, TwoInterrupts, Replicating),
        (Copy, TwoInterrupts, DeleteSent),
        (Copy, SignInLost, Replicating),
        (Copy, Denied, Running),
        (Copy, Gone, Replicating),
        (Copy, Deadline, Running),
        (Collection, ProviderKilled, PutTaken),
        (Collection, TwoInterrupts, PutTaken),
    ]
};

fn refusal(status: u16, code: &str) -> Answer {
    let body: Json = json!({"error": {"code": code, "message": format!("A fault: {code}.")}});
    Answer::answer(status, body)
}
