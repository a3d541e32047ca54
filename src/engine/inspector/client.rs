//! What V8's inspector calls: the client, which pauses the script, and a channel to each debugger.

use std::rc::Weak;

use v8::inspector::{ChannelImpl, StringBuffer, V8InspectorClientImpl};

use super::Inspector;
use super::message::DebuggerId;

/// V8's way to the inspector of the cell. Nothing happens once that is gone.
pub(super) struct Client(pub(super) Weak<Inspector>);

impl V8InspectorClientImpl for Client {
    fn run_message_loop_on_pause(&self, _context_group_id: i32) {
        if let Some(inspector) = self.0.upgrade() {
            inspector.contain(|| inspector.pause());
        }
    }

    fn quit_message_loop_on_pause(&self) {
        if let Some(inspector) = self.0.upgrade() {
            inspector.resume();
        }
    }

    /// Where a debugger evaluates that names no context.
    fn ensure_default_context_in_group(&self, _context_group_id: i32) -> Option<v8::Local<'_, v8::Context>> {
        self.0.upgrade().map(|inspector| inspector.context())
    }

    fn run_if_waiting_for_debugger(&self, _context_group_id: i32) {
        if let Some(inspector) = self.0.upgrade() {
            inspector.contain(|| inspector.start_script());
        }
    }
}

/// V8's way to one debugger.
pub(super) struct DebuggerChannel {
    pub(super) debugger: DebuggerId,
    pub(super) inspector: Weak<Inspector>,
}

impl DebuggerChannel {
    fn send(&self, message: &StringBuffer, is_answer: bool) {
        if let Some(inspector) = self.inspector.upgrade() {
            inspector.contain(|| inspector.tell(self.debugger, message.string().to_string(), is_answer));
        }
    }
}

impl ChannelImpl for DebuggerChannel {
    fn send_response(&self, _call_id: i32, message: v8::UniquePtr<StringBuffer>) {
        if let Some(message) = message.as_ref() {
            self.send(message, true);
        }
    }

    fn send_notification(&self, message: v8::UniquePtr<StringBuffer>) {
        if let Some(message) = message.as_ref() {
            self.send(message, false);
        }
    }

    fn flush_protocol_notifications(&self) {}
}
