//! How long a sound lasts, and what it costs a model.
//!
//! Only the header of a WAV file is read, straight from its base64 text. Nothing is decoded as a whole.

use std::time::Duration;

/// What one second of sound costs, in tokens.
const TOKENS_PER_SECOND: u128 = 10;
/// Sound of unknown length is taken for speech at 32 kbit/s.
const UNKNOWN_BYTES_PER_SECOND: u64 = 4_000;
/// A WAV file with more chunks before its data is taken for undecodable.
const MAX_CHUNKS: usize = 64;

/// The estimated cost of an audio URL, in tokens. At least 1.
///
/// A PCM or float WAV data URL costs 10 tokens for each second it lasts. The length of any other sound is
/// guessed from its size, at 4 000 bytes a second; so it costs one token for each 400 bytes.
#[must_use]
pub fn audio_tokens(url: &str) -> u64 {
    let tokens = if let Some(duration) = wav_duration(url) {
        let tokens = (duration.as_nanos() * TOKENS_PER_SECOND).div_ceil(1_000_000_000);
        u64::try_from(tokens).unwrap_or(u64::MAX)
    } else {
        let bytes = Base64::of_data_url(url).map_or(url.len(), |data| data.len());
        // 10 tokens a second and 4 000 bytes a second: one token for each 400 bytes.
        u64::try_from(bytes).unwrap_or(u64::MAX).div_ceil(UNKNOWN_BYTES_PER_SECOND / 10)
    };
    tokens.max(1)
}

/// How long a WAV data URL lasts, by its header. `None` if it is no base64 data URL of PCM or float WAV.
///
/// A data chunk that claims more than there is counts as what there is.
#[must_use]
pub fn wav_duration(url: &str) -> Option<Duration> {
    const PCM: u16 = 1;
    const FLOAT: u16 = 3;
    const EXTENSIBLE: u16 = 0xFFFE;

    let file = Base64::of_data_url(url)?;
    if file.array::<4>(0)? != *b"RIFF" || file.array::<4>(8)? != *b"WAVE" {
        return None;
    }
    let mut format = None;
    let mut offset = 12;
    for _ in 0..MAX_CHUNKS {
        let size = usize::try_from(file.u32(offset + 4)?).ok()?;
        let body = offset + 8;
        match &file.array::<4>(offset)? {
            b"fmt " => {
                let tag = match file.u16(body)? {
                    // The real tag opens the sub-format.
                    EXTENSIBLE => file.u16(body + 24)?,
                    tag => tag,
                };
                let frames_per_second = u64::from(file.u32(body + 4)?);
                let bytes_per_frame = u64::from(file.u16(body + 12)?);
                if !matches!(tag, PCM | FLOAT) || frames_per_second == 0 || bytes_per_frame == 0 {
                    return None;
                }
                format = Some((frames_per_second, bytes_per_frame));
            }
            b"data" => {
                let (frames_per_second, bytes_per_frame) = format?;
                let bytes = u64::try_from(size.min(file.len().saturating_sub(body))).ok()?;
                let frames = bytes / bytes_per_frame;
                // Fits: a chunk has less than 2^32 bytes, and 2^32 × 10^9 is less than 2^64.
                return Some(Duration::from_nanos(frames * 1_000_000_000 / frames_per_second));
            }
            _ => {}
        }
        // Chunks are padded to an even size.
        offset = body.checked_add(size)?.checked_add(size % 2)?;
        if offset >= file.len() {
            return None;
        }
    }
    None
}

/// Base64 text whose bytes are read where they stand.
struct Base64<'text> {
    digits: &'text [u8],
}

impl<'text> Base64<'text> {
    /// The payload of a `data:…;base64,…` URL.
    fn of_data_url(url: &'text str) -> Option<Self> {
        let (head, payload) = url.split_once(',')?;
        let (scheme, parameters) = head.split_once(':')?;
        let (_, last) = parameters.rsplit_once(';')?;
        let is_base64 = scheme.eq_ignore_ascii_case("data") && last.trim().eq_ignore_ascii_case("base64");
        is_base64.then(|| Self { digits: payload.trim().trim_end_matches('=').as_bytes() })
    }

    /// How many bytes it encodes.
    fn len(&self) -> usize {
        // Four digits make three bytes; parted so that it cannot overflow.
        self.digits.len() / 4 * 3 + self.digits.len() % 4 * 3 / 4
    }

    fn byte(&self, index: usize) -> Option<u8> {
        // Byte 0, 1, 2 of a group stands in its digits 0–1, 1–2, 2–3.
        let first = index / 3 * 4 + index % 3;
        let pair = u16::from(self.digit(first)?) << 6 | u16::from(self.digit(first + 1)?);
        let byte = pair >> (4 - 2 * (index % 3));
        u8::try_from(byte & 0xFF).ok()
    }

    fn digit(&self, index: usize) -> Option<u8> {
        match *self.digits.get(index)? {
            letter @ b'A'..=b'Z' => Some(letter - b'A'),
            letter @ b'a'..=b'z' => Some(letter - b'a' + 26),
            digit @ b'0'..=b'9' => Some(digit - b'0' + 52),
            b'+' | b'-' => Some(62),
            b'/' | b'_' => Some(63),
            _ => None,
        }
    }

    fn array<const SIZE: usize>(&self, start: usize) -> Option<[u8; SIZE]> {
        let mut bytes = [0; SIZE];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = self.byte(start.checked_add(index)?)?;
        }
        Some(bytes)
    }

    fn u16(&self, start: usize) -> Option<u16> {
        self.array(start).map(u16::from_le_bytes)
    }

    fn u32(&self, start: usize) -> Option<u32> {
        self.array(start).map(u32::from_le_bytes)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base64(bytes: &[u8]) -> String {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for group in bytes.chunks(3) {
            let mut bits = 0_usize;
            for index in 0..3 {
                bits = bits << 8 | usize::from(*group.get(index).unwrap_or(&0));
            }
            for digit in 0..4 {
                if digit <= group.len() {
                    text.push(ALPHABET[bits >> (18 - 6 * digit) & 63].into());
                } else {
                    text.push('=');
                }
            }
        }
        text
    }

    /// A WAV data URL of silence, 16-bit mono at 8 kHz.
    pub fn wav_url(millis: u32, tag: u16, claimed: Option<u32>) -> String {
        let size = millis * 16;
        let mut file = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt ".to_vec();
        file.extend(40_u32.to_le_bytes());
        file.extend(tag.to_le_bytes());
        file.extend(1_u16.to_le_bytes());
        file.extend(8_000_u32.to_le_bytes());
        file.extend(16_000_u32.to_le_bytes());
        file.extend(2_u16.to_le_bytes());
        file.extend([16, 0, 22, 0, 16, 0, 0, 0, 0, 0, 1, 0]);
        file.extend([0; 12]);
        file.extend(b"\0\0data");
        file.extend(claimed.unwrap_or(size).to_le_bytes());
        file.resize(file.len() + usize::try_from(size).unwrap(), 0);
        format!("data:audio/wav;base64,{}", base64(&file))
    }

    #[test]
    fn wav_lasts_as_its_header_says() {
        for tag in [1, 3, 0xFFFE] {
            assert_eq!(wav_duration(&wav_url(250, tag, None)), Some(Duration::from_millis(250)));
        }
        assert_eq!(wav_duration(&wav_url(250, 1, Some(u32::MAX))), Some(Duration::from_millis(250)));
    }

    #[test]
    fn other_sounds_have_no_known_length() {
        for url in [
            "",
            "data:audio/wav;base64,",
            "data:audio/wav,UklGRg",
            "data:audio/mp3;base64,SUQzBAAAAAAA",
            "https://x/y.wav",
            "data:audio/wav;base64,!!!!!!!!!!!!!!!!!!!!",
        ] {
            assert_eq!(wav_duration(url), None, "{url}");
        }
        assert_eq!(wav_duration(&wav_url(250, 7, None)), None);
    }

    #[test]
    fn cost_follows_the_duration_or_the_size() {
        assert_eq!(audio_tokens(&wav_url(2_000, 1, None)), 20);
        assert_eq!(audio_tokens(&wav_url(2_001, 1, None)), 21);
        assert_eq!(audio_tokens(&wav_url(0, 1, None)), 1);
        assert_eq!(audio_tokens("data:audio/mp3;base64,AAAA"), 1);
        let url = format!("data:audio/mp3;base64,{}", "A".repeat(16_000));
        assert_eq!(audio_tokens(&url), 30);
        assert_eq!(audio_tokens(&"x".repeat(801)), 3);
    }

    proptest! {
        #[test]
        fn reads_every_byte(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let url = format!("DATA:x;BASE64,{}", base64(&bytes));
            let text = Base64::of_data_url(&url).unwrap();
            prop_assert_eq!(text.len(), bytes.len());
            for (index, byte) in bytes.iter().enumerate() {
                prop_assert_eq!(text.byte(index), Some(*byte));
            }
            prop_assert_eq!(text.byte(bytes.len()), None);
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80), text in ".*") {
            prop_assert!(audio_tokens(&text) >= 1);
            let mut file = b"RIFF\0\0\0\0WAVEfmt ".to_vec();
            file.extend(bytes);
            let url = format!("data:;base64,{}", base64(&file));
            prop_assert!(audio_tokens(&url) >= 1);
        }
    }
}
