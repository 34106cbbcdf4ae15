//! The one loop: event → update → effects → tasks → event.
