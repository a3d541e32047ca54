//! Errors as JavaScript gets them: a code and a message.

use std::fmt::Display;

use crate::session::SessionError;

/// An error whose `code` the JavaScript layer takes over into a `CodecellError`.
pub(super) type CodedError = napi::Error<&'static str>;

/// The options are at fault.
pub(super) fn invalid_argument(message: impl Display) -> CodedError {
    napi::Error::new("INVALID_ARGUMENT", message.to_string())
}

/// The source or the model's input is at fault.
pub(super) fn invalid_input(message: impl Display) -> CodedError {
    napi::Error::new("INVALID_INPUT", message.to_string())
}

/// No cell was started.
pub(super) fn not_started(error: &SessionError) -> CodedError {
    napi::Error::new(error.code(), error.to_string())
}

/// Node refused something that it does not refuse in a healthy environment.
pub(super) fn environment(error: &napi::Error) -> CodedError {
    napi::Error::new("ENGINE_UNAVAILABLE", format!("the JavaScript environment is closing: {}", error.reason))
}
