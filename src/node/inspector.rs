//! What debuggers say, on its way from JavaScript to the inspectors of cells.

use napi_derive::napi;

use super::bridge::NativeBridge;
use super::message::whole;
use crate::cell::CellKey;
use crate::engine::{DebuggerId, InspectorCommand};

#[napi]
impl NativeBridge {
    /// A debugger of this cell is there.
    #[napi(catch_unwind)]
    pub fn attach_debugger(&self, cell: f64, debugger: u32) {
        self.inspect(cell, DebuggerId::new(debugger).map(InspectorCommand::Attach));
    }

    /// A debugger of this cell says something.
    #[napi(catch_unwind)]
    pub fn debugger_says(&self, cell: f64, debugger: u32, text: String) {
        self.inspect(cell, DebuggerId::new(debugger).map(|id| InspectorCommand::Message(id, text)));
    }

    /// A debugger of this cell has gone.
    #[napi(catch_unwind)]
    pub fn detach_debugger(&self, cell: f64, debugger: u32) {
        self.inspect(cell, DebuggerId::new(debugger).map(InspectorCommand::Detach));
    }

    /// Debuggers of this cell have taken so many bytes of what was sent to them.
    #[napi(catch_unwind)]
    pub fn debuggers_took(&self, cell: f64, bytes: f64) {
        self.inspect(cell, usize::try_from(whole(bytes)).ok().map(InspectorCommand::Taken));
    }

    fn inspect(&self, cell: f64, command: Option<InspectorCommand>) {
        if let (Some(cell), Some(command)) = (self.bridge.cell(CellKey::from_number(whole(cell))), command) {
            cell.inspect(command);
        }
    }
}
