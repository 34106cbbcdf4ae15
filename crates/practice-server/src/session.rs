//! A logged-in connection: requests in, replies out, Attentions at any time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use tds_wire::packet::{self, HEADER, Message, PacketType, Status};

use super::engine::Interrupt;
use super::executor::{Outlet, Request, Work};
use super::link::Link;
use super::login::{self, LoggedIn};
use super::options::WireFault;
use super::reply::Reply;
use super::reply_writer::{Ending, ReplyWriter, message};
use super::shared::Shared;
use super::tds::cursor::DecodeError;
use super::tds::tokens::{self, DoneKind, done};
use super::tds::{headers, rpc, transaction};

/// Filled packets that may wait for a slow client.
const WAITING: usize = 8;
/// How often the engine is told to stop.
const AGAIN: Duration = Duration::from_millis(20);

/// Stops the engine when the connection's task is dropped in the middle of a request.
struct StopOnDrop {
    interrupt: Option<Interrupt>,
    cancelled: Arc<AtomicBool>,
}

impl StopOnDrop {
    fn stop(&self) {
        if let Some(interrupt) = &self.interrupt {
            self.cancelled.store(true, Ordering::Release);
            interrupt.stop();
        }
    }

    fn is_stopped(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    /// The request has run to its end: nothing is left to stop, and the next one must not be.
    fn disarm(&mut self) {
        self.interrupt = None;
    }
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What becomes of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Stay,
    Close,
}

struct Connection {
    writer: WriteHalf<Link>,
    incoming: mpsc::Receiver<Message>,
    shared: Arc<Shared>,
    size: usize,
    spid: u16,
}

/// Serves a connection until its end.
pub async fn serve(logged_in: LoggedIn, shared: Arc<Shared>, spid: u16) {
    let LoggedIn { link, mut work, size } = logged_in;
    let (reader, writer) = tokio::io::split(link);
    let (sender, incoming) = mpsc::channel(1);
    // Reading has a task of its own, because half a message must not be lost while a request runs. It ends with this one.
    let mut pump = JoinSet::new();
    pump.spawn(read_all(reader, sender, shared.limits.message));
    let mut connection = Connection { writer, incoming, shared, size, spid };
    while let Some(message) = connection.incoming.recv().await {
        match connection.answer(message, work).await {
            Some((kept, Next::Stay)) => work = kept,
            Some((kept, Next::Close)) => {
                let _ = connection.writer.shutdown().await;
                kept.retire().await;
                return;
            }
            None => return,
        }
    }
    work.retire().await;
}

async fn read_all(mut reader: ReadHalf<Link>, sender: mpsc::Sender<Message>, limit: usize) {
    while let Ok(message) = packet::read_message(&mut reader, limit).await {
        if sender.send(message).await.is_err() {
            return;
        }
    }
}

impl Connection {
    /// Answers a message. `None` when the session is lost.
    async fn answer(&mut self, message: Message, work: Work) -> Option<(Work, Next)> {
        let wire = self.shared.wire();
        if wire == Some(WireFault::SilentAfterLogin) {
            return Some((work, Next::Stay));
        }
        if message.kind == PacketType::Attention {
            return self.acknowledge(work).await;
        }
        if message.status.has(Status::IGNORE) {
            return self.say(work, |out| tokens::done(out, DoneKind::Batch, done::ERROR, 0, None)).await;
        }
        match decode(&message) {
            Ok(Some(request)) => {
                let reset = message.status.has(Status::RESET) || message.status.has(Status::RESET_KEEP_TRANSACTION);
                self.run(work, request, reset, wire).await
            }
            Ok(None) => {
                // Anything else is not spoken after a login.
                let text = format!("A {:?} message is not supported by the practice server.", message.kind);
                self.refuse(work, 40510, 16, text).await
            }
            Err(DecodeError::UnsupportedType(kind)) => {
                let text = format!("A parameter has the data type 0x{kind:02X}, which is not supported by the practice server.");
                self.refuse(work, 8009, 16, text).await
            }
            Err(cause) => {
                let text = format!("The incoming tabular data stream is incorrect: {cause}.");
                let (work, _) = self.refuse(work, 8009, 20, text).await?;
                Some((work, Next::Close))
            }
        }
    }

    /// A reply without the engine.
    async fn say(&mut self, work: Work, fill: impl FnOnce(&mut Vec<u8>)) -> Option<(Work, Next)> {
        let mut out = Vec::new();
        fill(&mut out);
        let sent = login::write(&mut self.writer, &out, self.size, self.spid).await;
        Some((work, sent.map_or(Next::Close, |()| Next::Stay)))
    }

    /// The answer to an Attention that came when nothing ran.
    async fn acknowledge(&mut self, work: Work) -> Option<(Work, Next)> {
        self.say(work, |out| {
            tokens::done(out, DoneKind::Batch, done::ATTENTION, 0, None);
        })
        .await
    }

    async fn refuse(&mut self, work: Work, number: i32, class: u8, text: String) -> Option<(Work, Next)> {
        let mut writer = ReplyWriter::new(self.shared.name.clone());
        writer.push(Reply::Message(message(number, class, text)));
        writer.end(Ending::Last);
        self.say(work, |out| *out = writer.take(usize::MAX)).await
    }

    /// Runs a request, and passes its packets on as they come.
    async fn run(&mut self, mut work: Work, request: Request, reset: bool, wire: Option<WireFault>) -> Option<(Work, Next)> {
        let (packets, mut filled) = mpsc::channel(WAITING);
        let cancelled = Arc::new(AtomicBool::new(false));
        let outlet = Outlet { packets, room: self.size - HEADER, cancelled: cancelled.clone() };
        let mut stop = StopOnDrop { interrupt: Some(work.session.interrupt()), cancelled };
        let replies = ReplyWriter::new(self.shared.name.clone());
        let mut job = tokio::task::spawn_blocking(move || {
            let (last, ending) = work.run(request, reset, replies, &outlet);
            (work, last, ending)
        });
        let mut number = 0;
        let mut next = Next::Stay;
        let mut listening = true;
        let mut attention = false;
        loop {
            tokio::select! {
                content = filled.recv() => match content {
                    Some(content) if next == Next::Stay => {
                        next = self.pass_on(&content, &mut number, wire.as_ref()).await;
                        if next == Next::Close {
                            // What the engine sends from here on nobody takes.
                            filled.close();
                            stop.stop();
                        }
                    }
                    Some(_) => {}
                    None => break,
                },
                message = self.incoming.recv(), if listening => {
                    stop.stop();
                    match message {
                        Some(message) if message.kind == PacketType::Attention => attention = true,
                        // The client is gone, or speaks out of turn.
                        _ => {
                            listening = false;
                            next = Next::Close;
                            filled.close();
                        }
                    }
                }
                // A stop that came before the engine had begun may have been lost on it.
                () = tokio::time::sleep(AGAIN), if stop.is_stopped() => stop.stop(),
            }
        }
        let ran = loop {
            tokio::select! {
                ran = &mut job => break ran,
                () = tokio::time::sleep(AGAIN), if stop.is_stopped() => stop.stop(),
            }
        };
        stop.disarm();
        let (work, last, ending) = ran.ok()?;
        if next == Next::Stay {
            next = self.finish(&last, number, wire.as_ref()).await;
        }
        if next == Next::Stay && attention && ending != Ending::Attention {
            return self.acknowledge(work).await;
        }
        Some((work, next))
    }

    /// Sends full packets that are not the last.
    async fn pass_on(&mut self, content: &[u8], number: &mut usize, wire: Option<&WireFault>) -> Next {
        let mut bytes = Vec::with_capacity(content.len() + 64);
        for chunk in content.chunks(self.size - HEADER) {
            packet::append_packet(&mut bytes, PacketType::Reply, chunk, false, self.spid, *number);
            *number += 1;
        }
        self.send(&bytes, wire).await
    }

    /// Sends the last packet.
    async fn finish(&mut self, content: &[u8], number: usize, wire: Option<&WireFault>) -> Next {
        let mut bytes = Vec::new();
        packet::append_packet(&mut bytes, PacketType::Reply, content, true, self.spid, number);
        self.send(&bytes, wire).await
    }

    async fn send(&mut self, bytes: &[u8], wire: Option<&WireFault>) -> Next {
        let half = wire == Some(&WireFault::DropMidReply);
        let bytes = if half { &bytes[..bytes.len() / 2] } else { bytes };
        let sent = async {
            self.writer.write_all(bytes).await?;
            self.writer.flush().await
        };
        if sent.await.is_ok() && !half { Next::Stay } else { Next::Close }
    }
}

/// A message as a request; `None` for what is none.
fn decode(message: &Message) -> Result<Option<Request>, DecodeError> {
    let payload = &message.payload;
    Ok(Some(match message.kind {
        PacketType::SqlBatch => Request::Batch(headers::batch(payload)?),
        PacketType::Rpc => Request::Calls(rpc::decode(payload)?),
        PacketType::Transaction => Request::Transaction(transaction::decode(payload)?),
        _ => return Ok(None),
    }))
}
