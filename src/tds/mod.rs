//! The few wire types that the connection and the practice server share.
