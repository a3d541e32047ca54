use std::fmt::Debug;

use codecell::host::frame::{Frame, FrameError, FrameReader, MOST_HEAD_BYTES};
use codecell::host::message::{FromChild, ToChild};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The largest tail that is admitted here.
const MOST_TAIL_BYTES: u64 = 64 * 1024;
const PREFIX_BYTES: usize = 12;

/// What comes over the socket is messages or is refused, in pieces of any size, and takes no more memory than it may. The
/// first byte says how large the pieces are.
///
/// # Panics
/// When that does not hold.
pub fn wire(bytes: &[u8]) {
    let Some((size, bytes)) = bytes.split_first() else { return };
    let piece = usize::from(*size) + 1;
    one_way::<FromChild>(bytes, piece);
    one_way::<ToChild>(bytes, piece);
}

fn one_way<Message: Serialize + DeserializeOwned + PartialEq + Debug>(bytes: &[u8], piece: usize) {
    let in_pieces = read::<Message>(bytes, piece);
    assert_eq!(in_pieces, read::<Message>(bytes, usize::MAX), "the pieces make no difference");
    if let Some(message) = as_head::<Message>(bytes) {
        let frame =
            Frame::new(&message, bytes.to_vec()).unwrap_or_else(|error| panic!("{error}: {message:?}"));
        let sent = frame.parts().concat();
        let (arrived, end) = read::<Message>(&sent, piece);
        assert_eq!(end, None, "{message:?}");
        assert_eq!(arrived, [(message, bytes.to_vec())], "what is sent is what arrives");
    }
}

/// The message that the bytes begin with, if they begin with one.
fn as_head<Message: DeserializeOwned>(bytes: &[u8]) -> Option<Message> {
    let attempt = |length: usize| {
        let mut framed = u32::try_from(length).ok()?.to_le_bytes().to_vec();
        framed.extend(0_u64.to_le_bytes());
        framed.extend(&bytes[..length]);
        Some(read::<Message>(&framed, usize::MAX))
    };
    let (mut messages, end) = attempt(bytes.len())?;
    if let Some(FrameError::Surplus(surplus)) = end {
        messages = attempt(bytes.len() - surplus)?.0;
    }
    messages.pop().map(|(message, _)| message)
}

type Read<Message> = (Vec<(Message, Vec<u8>)>, Option<FrameError>);

/// What comes out when these bytes come in, up to the first that are no frame.
fn read<Message: DeserializeOwned>(mut bytes: &[u8], piece: usize) -> Read<Message> {
    let mut reader = FrameReader::<Message>::default();
    let mut messages = Vec::new();
    loop {
        loop {
            match reader.next(admit) {
                Ok(Some((message, tail))) => {
                    assert!(tail.capacity() as u64 <= MOST_TAIL_BYTES, "no tail that was not admitted");
                    messages.push((message, tail));
                }
                Ok(None) => break,
                Err(error) => return (messages, Some(error)),
            }
        }
        if bytes.is_empty() {
            return (messages, None);
        }
        let space = reader.space();
        assert!(!space.is_empty(), "there is always space for more");
        assert!(space.len() <= PREFIX_BYTES + MOST_HEAD_BYTES, "no buffer for more than one head");
        let count = space.len().min(piece).min(bytes.len());
        space[..count].copy_from_slice(&bytes[..count]);
        reader.advance(count);
        bytes = &bytes[count..];
    }
}

fn admit<Message>(_message: &Message, tail_bytes: u64) -> Result<(), FrameError> {
    if tail_bytes > MOST_TAIL_BYTES { Err(FrameError::HeadTooLong(0)) } else { Ok(()) }
}
