//! The form of what crosses the socket: frames of a length-prefixed head and a tail of plain bytes.
//!
//! ```text
//! head bytes: u32 | tail bytes: u64 | head (postcard) | tail
//! ```
//!
//! Numbers are little-endian. What may be large (a JSON text, an item of output) travels as the tail: it is neither
//! encoded nor copied on its way, and whoever reads it may refuse it before anything is allocated for it.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

const PREFIX_BYTES: usize = 12;
/// The largest head. The largest that is sent holds an error and sixteen unhandled rejections.
pub const MOST_HEAD_BYTES: usize = 4 * 1024 * 1024;
/// What is read at once, as long as no tail is expected.
const BUFFER_BYTES: usize = 64 * 1024;

/// Why bytes are no frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The head is larger than any head may be.
    #[error("a head of {0} bytes")]
    HeadTooLong(usize),
    /// The head is none of the messages that there are.
    #[error("a head that can't be read: {0}")]
    Head(postcard::Error),
    /// Bytes follow the message within the head.
    #[error("{0} bytes too many in a head")]
    Surplus(usize),
}

/// One message, ready to be written.
#[derive(Debug)]
pub struct Frame {
    /// With the prefix before it.
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Frame {
    /// Encodes a message.
    ///
    /// # Errors
    /// When the head is too long to be read at the other end.
    pub fn new(head: &impl Serialize, tail: Vec<u8>) -> Result<Self, FrameError> {
        let mut head = postcard::to_extend(head, vec![0; PREFIX_BYTES]).map_err(FrameError::Head)?;
        let length = head.len() - PREFIX_BYTES;
        let prefix = u32::try_from(length).ok().filter(|_| length <= MOST_HEAD_BYTES);
        let prefix = prefix.ok_or(FrameError::HeadTooLong(length))?;
        head[..4].copy_from_slice(&prefix.to_le_bytes());
        head[4..PREFIX_BYTES].copy_from_slice(&(tail.len() as u64).to_le_bytes());
        Ok(Self { head, tail })
    }

    /// What is to be written, in order.
    #[must_use]
    pub fn parts(&self) -> [&[u8]; 2] {
        [&self.head, &self.tail]
    }

    /// The size of all of it.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.head.len() + self.tail.len()
    }
}

/// Puts frames together from bytes as they come. Whatever the bytes are, it neither panics nor allocates more than a
/// head, and a tail that was admitted.
#[derive(Debug)]
pub struct FrameReader<Head> {
    buffer: Vec<u8>,
    /// What has been read and not yet taken: `buffer[start..end]`.
    start: usize,
    end: usize,
    /// A head whose tail is still coming.
    pending: Option<Pending<Head>>,
    heads: PhantomData<Head>,
}

#[derive(Debug)]
struct Pending<Head> {
    head: Head,
    tail: Vec<u8>,
    filled: usize,
}

impl<Head> Default for FrameReader<Head> {
    fn default() -> Self {
        Self { buffer: vec![0; BUFFER_BYTES], start: 0, end: 0, pending: None, heads: PhantomData }
    }
}

impl<Head: DeserializeOwned> FrameReader<Head> {
    /// Where the next bytes go. Never empty, unless a frame waits to be taken.
    pub fn space(&mut self) -> &mut [u8] {
        if let Some(Pending { tail, filled, .. }) = &mut self.pending {
            return &mut tail[*filled..];
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == 0 && self.buffer.len() > BUFFER_BYTES {
            self.buffer = vec![0; BUFFER_BYTES];
        }
        &mut self.buffer[self.end..]
    }

    /// Says that so many bytes were put there.
    pub fn advance(&mut self, bytes: usize) {
        if let Some(Pending { tail, filled, .. }) = &mut self.pending {
            *filled = (*filled + bytes).min(tail.len());
        } else {
            self.end = (self.end + bytes).min(self.buffer.len());
        }
    }

    /// Whether bytes of a frame are here, and others are missing.
    #[must_use]
    pub fn is_mid_frame(&self) -> bool {
        self.pending.is_some() || self.start < self.end
    }

    /// How much of the tail that is coming has not come yet.
    #[must_use]
    pub fn missing_bytes(&self) -> usize {
        self.pending.as_ref().map_or(0, |pending| pending.tail.len() - pending.filled)
    }

    /// Takes the next frame, if all of it is here. `admit` sees the head and the size of the tail before anything is
    /// allocated for it.
    ///
    /// # Errors
    /// When the bytes are no frame, or `admit` refuses it. The reader is of no use then.
    pub fn next<E: From<FrameError>>(
        &mut self,
        admit: impl FnOnce(&Head, u64) -> Result<(), E>,
    ) -> Result<Option<(Head, Vec<u8>)>, E> {
        if self.pending.is_none() && !self.begin(admit)? {
            return Ok(None);
        }
        match self.pending.take() {
            Some(pending) if pending.filled == pending.tail.len() => Ok(Some((pending.head, pending.tail))),
            incomplete => {
                self.pending = incomplete;
                Ok(None)
            }
        }
    }

    /// Reads a head, if all of it is here, and what is here of its tail.
    fn begin<E: From<FrameError>>(
        &mut self,
        admit: impl FnOnce(&Head, u64) -> Result<(), E>,
    ) -> Result<bool, E> {
        let here = &self.buffer[self.start..self.end];
        let Some((prefix, rest)) = here.split_first_chunk::<PREFIX_BYTES>() else {
            return Ok(false);
        };
        let [a, b, c, d, tail_bytes @ ..] = *prefix;
        let head_bytes = u32::from_le_bytes([a, b, c, d]) as usize;
        let tail_bytes = u64::from_le_bytes(tail_bytes);
        if head_bytes > MOST_HEAD_BYTES {
            return Err(FrameError::HeadTooLong(head_bytes).into());
        }
        let Some((head, rest)) = rest.split_at_checked(head_bytes) else {
            self.make_room_for(PREFIX_BYTES + head_bytes);
            return Ok(false);
        };
        let (head, surplus) = postcard::take_from_bytes::<Head>(head).map_err(FrameError::Head)?;
        if !surplus.is_empty() {
            return Err(FrameError::Surplus(surplus.len()).into());
        }
        admit(&head, tail_bytes)?;
        // What was admitted fits into memory, so into a usize, too.
        let mut tail = vec![0; usize::try_from(tail_bytes).unwrap_or(0)];
        let filled = rest.len().min(tail.len());
        tail[..filled].copy_from_slice(&rest[..filled]);
        self.start += PREFIX_BYTES + head_bytes + filled;
        self.pending = Some(Pending { head, tail, filled });
        Ok(true)
    }

    fn make_room_for(&mut self, frame_bytes: usize) {
        if self.buffer.len() < frame_bytes {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            self.buffer.resize(frame_bytes, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Head = (u8, String);

    fn admit_small(_head: &Head, tail: u64) -> Result<(), FrameError> {
        if tail > 1024 { Err(FrameError::HeadTooLong(0)) } else { Ok(()) }
    }

    fn bytes_of(frame: &Frame) -> Vec<u8> {
        frame.parts().concat()
    }

    /// Feeds bytes in pieces; the frames that come out of them.
    fn read(bytes: &[u8], piece: usize) -> Result<Vec<(Head, Vec<u8>)>, FrameError> {
        let mut reader = FrameReader::<Head>::default();
        let mut frames = Vec::new();
        let mut rest = bytes;
        loop {
            while let Some(frame) = reader.next(admit_small)? {
                frames.push(frame);
            }
            if rest.is_empty() {
                return Ok(frames);
            }
            let space = reader.space();
            assert!(!space.is_empty(), "there is always space for more");
            let count = space.len().min(piece).min(rest.len());
            space[..count].copy_from_slice(&rest[..count]);
            reader.advance(count);
            rest = &rest[count..];
        }
    }

    proptest! {
        #[test]
        fn frames_arrive_as_they_were_sent_in_pieces_of_any_size(
            sent in prop::collection::vec(((any::<u8>(), ".{0,40}"), prop::collection::vec(any::<u8>(), 0..900)), 0..8),
            piece in 1_usize..2_000,
        ) {
            let mut bytes = Vec::new();
            for (head, tail) in &sent {
                bytes.extend(bytes_of(&Frame::new(head, tail.clone()).unwrap()));
            }
            prop_assert_eq!(read(&bytes, piece).unwrap(), sent);
        }

        #[test]
        fn garbage_is_refused_or_waits_for_more_and_nothing_else(
            bytes in prop::collection::vec(any::<u8>(), 0..4_000),
            piece in 1_usize..500,
        ) {
            let _ = read(&bytes, piece);
        }
    }

    #[test]
    fn a_head_larger_than_the_limit_fills_no_buffer() {
        let mut reader = FrameReader::<Head>::default();
        reader.space()[..4].copy_from_slice(&u32::MAX.to_le_bytes());
        reader.advance(PREFIX_BYTES);
        assert_eq!(reader.next(admit_small), Err(FrameError::HeadTooLong(u32::MAX as usize)));
        assert_eq!(reader.buffer.len(), BUFFER_BYTES);
    }

    #[test]
    fn a_tail_that_is_not_admitted_is_not_allocated() {
        let mut bytes = bytes_of(&Frame::new(&(1_u8, String::new()), Vec::new()).unwrap());
        bytes[4..12].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(read(&bytes, 100).is_err());
    }

    #[test]
    fn a_large_head_is_read_and_its_buffer_given_back() {
        let head = (7, "x".repeat(1_000_000));
        let mut reader = FrameReader::<Head>::default();
        let bytes = bytes_of(&Frame::new(&head, vec![1, 2, 3]).unwrap());
        let mut rest = bytes.as_slice();
        let frame = loop {
            if let Some(frame) = reader.next(admit_small).unwrap() {
                break frame;
            }
            let space = reader.space();
            let count = space.len().min(rest.len());
            space[..count].copy_from_slice(&rest[..count]);
            reader.advance(count);
            rest = &rest[count..];
        };
        assert_eq!(frame, (head, vec![1, 2, 3]));
        assert_eq!(reader.space().len(), BUFFER_BYTES);
        assert!(!reader.is_mid_frame());
    }
}
