//! The server side of the TDS codecs.
