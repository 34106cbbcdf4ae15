//! The nouns: plain types that import nothing above them.
