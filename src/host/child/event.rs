//! The events of a cell, as messages to the parent.

use std::sync::Arc;

use crate::engine::{Event, Finished};
use crate::host::message::{CellEvent, ItemKind, LostBecause};
use crate::model::ContentItem;

/// What is sent for an event: one message, and one more for each value that a script has stored.
pub(super) fn encode(event: Event) -> Vec<(CellEvent, Vec<u8>)> {
    let (event, tail) = match event {
        Event::Started => (CellEvent::Started, Vec::new()),
        Event::Content(ContentItem::Text { text }) => (CellEvent::Content(ItemKind::Text), text.into_bytes()),
        Event::Content(ContentItem::Image { image_url, detail }) => {
            (CellEvent::Content(ItemKind::Image(detail)), image_url.into_bytes())
        }
        Event::Content(ContentItem::Audio { audio_url }) => {
            (CellEvent::Content(ItemKind::Audio), audio_url.into_bytes())
        }
        Event::Notify(kind, text) => (CellEvent::Notify(kind), text.into_bytes()),
        Event::ToolCall { id, tool, input } => {
            let has_input = input.is_some();
            let tail = input.map_or_else(Vec::new, |input| input.into_string().into_bytes());
            (CellEvent::ToolCall { id, tool, has_input }, tail)
        }
        Event::YieldRequested => (CellEvent::YieldRequested, Vec::new()),
        Event::Frontier(number) => (CellEvent::Frontier(number), Vec::new()),
        // No cell has an inspector here.
        Event::Inspector(_) => return Vec::new(),
        Event::Finished(finished) => return encode_end(*finished),
        Event::Lost(_) => (CellEvent::Lost(LostBecause::Engine), Vec::new()),
    };
    vec![(event, tail)]
}

fn encode_end(finished: Finished) -> Vec<(CellEvent, Vec<u8>)> {
    let Finished { outcome, writes, unhandled_rejections, usage } = finished;
    let mut messages: Vec<_> = writes
        .into_iter()
        .map(|(key, value)| {
            let key_bytes = key.len();
            let value = Arc::unwrap_or_clone(value).into_string();
            (CellEvent::Stored { key_bytes }, (key + &value).into_bytes())
        })
        .collect();
    messages.push((CellEvent::Finished { outcome, unhandled_rejections, usage }, Vec::new()));
    messages
}
