//! What leads people to a loss: what it means, the task it is for, when to take it, and what others call it.

/// What leads people to a loss. All of it is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guide {
    /// What it means, in a few sentences.
    pub meaning: Option<String>,
    /// What it is for.
    pub task: Option<Task>,
    /// When to take it rather than another.
    pub use_when: Option<String>,
    /// What libraries call it: the library, and its names there.
    pub aliases: Vec<(String, Vec<String>)>,
}

/// What a loss is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// Predicting numbers.
    Regression,
    /// Predicting classes, or yes and no.
    Classification,
    /// Putting things in order.
    Ranking,
    /// Placing things near what is like them.
    Embedding,
    /// Matching one distribution to another.
    Distributions,
}

impl Task {
    /// All of them, in the order of tables.
    pub const ALL: [Task; 5] =
        [Task::Regression, Task::Classification, Task::Ranking, Task::Embedding, Task::Distributions];

    /// Their words, in the same order.
    pub const WORDS: [&'static str; 5] = ["regression", "classification", "ranking", "embedding", "distributions"];

    /// The word in a spec.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// The task of a word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|task| task.word() == word)
    }
}
