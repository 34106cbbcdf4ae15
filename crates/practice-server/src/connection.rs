//! A logged-in connection: receives requests, sends replies, reacts to Attentions at any time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tds_wire::packet::{self, HEADER, Message, PacketType, Status};
use tokio::io::{AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use crate::engine::Interrupt;
use crate::executor::{PacketOutlet, Request, Worker};
use crate::link::Link;
use crate::login::{self, LoggedIn};
use crate::options::WireFault;
use crate::reply::Reply;
use crate::reply_writer::{Ending, ReplyWriter, message};
use crate::shared::SharedState;
use crate::tds::reader::DecodeError;
use crate::tds::requests::{decode_batch, decode_calls, decode_transaction};
use crate::tds::tokens::{self, DoneToken, done};

/// Complete packets that may wait for a slow client.
const QUEUED_PACKETS: usize = 8;
/// The time for which a request waits for its turn at the most.
const PLACE_TIMEOUT: Duration = Duration::from_secs(120);
/// How often the engine is told to stop until it does.
const STOP_INTERVAL: Duration = Duration::from_millis(20);

/// Stops the engine if the connection's task is dropped in the middle of a request.
struct StopGuard {
    interrupt: Option<Interrupt>,
    cancelled: Arc<AtomicBool>,
    /// Ends the wait for a place.
    stopped: Arc<Notify>,
}

impl StopGuard {
    fn stop(&self) {
        if let Some(interrupt) = &self.interrupt {
            self.cancelled.store(true, Ordering::Release);
            self.stopped.notify_one();
            interrupt.stop();
        }
    }

    fn is_stopped(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    /// Disarms the guard after the request has ended, so that it cannot stop the next one.
    fn disarm(&mut self) {
        self.interrupt = None;
    }
}

impl Drop for StopGuard {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What happens to the connection after a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AfterReply {
    Continue,
    Close,
}

struct Connection {
    writer: WriteHalf<Link>,
    incoming: mpsc::Receiver<Message>,
    shared: Arc<SharedState>,
    size: usize,
    spid: u16,
}

/// Serves a connection until it ends.
pub async fn serve(logged_in: LoggedIn, shared: Arc<SharedState>, spid: u16) {
    let LoggedIn { link, mut work, size } = logged_in;
    let (reader, writer) = tokio::io::split(link);
    let (sender, incoming) = mpsc::channel(1);
    // Reading has a task of its own, because a partial message must not be lost while a request runs. It ends with this task.
    let mut message_reader = JoinSet::new();
    message_reader.spawn(read_messages(reader, sender, shared.limits.message));
    let mut connection = Connection { writer, incoming, shared, size, spid };
    let killed = Arc::new(Notify::new());
    let wake = killed.clone();
    work.session.interrupt().on_kill(move || wake.notify_one());
    loop {
        let message = tokio::select! {
            message = connection.incoming.recv() => message,
            () = killed.notified() => None,
        };
        let Some(message) = message else { break };
        match connection.answer(message, work).await {
            Some((kept, AfterReply::Continue)) => work = kept,
            Some((kept, AfterReply::Close)) => {
                let _ = connection.writer.shutdown().await;
                kept.retire().await;
                return;
            }
            None => return,
        }
    }
    work.retire().await;
}

async fn read_messages(mut reader: ReadHalf<Link>, sender: mpsc::Sender<Message>, limit: usize) {
    while let Ok(message) = packet::read_message(&mut reader, limit).await {
        if sender.send(message).await.is_err() {
            return;
        }
    }
}

impl Connection {
    /// Answers a message. Returns `None` if the session is lost.
    async fn answer(&mut self, message: Message, work: Worker) -> Option<(Worker, AfterReply)> {
        let wire = self.shared.wire_fault();
        if wire == Some(WireFault::SilentAfterLogin) {
            return Some((work, AfterReply::Continue));
        }
        if message.kind == PacketType::Attention {
            return self.acknowledge(work).await;
        }
        if message.status.has(Status::IGNORE) {
            return self.reply(work, |out| tokens::done(out, DoneToken::Batch, done::ERROR, 0, None)).await;
        }
        match decode(&message) {
            Ok(Some(request)) => {
                let reset = message.status.has(Status::RESET) || message.status.has(Status::RESET_KEEP_TRANSACTION);
                self.run(work, request, reset, wire).await
            }
            Ok(None) => {
                // No other message is valid after a login.
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
                Some((work, AfterReply::Close))
            }
        }
    }

    /// Sends a reply that does not need the engine.
    async fn reply(&mut self, work: Worker, fill: impl FnOnce(&mut Vec<u8>)) -> Option<(Worker, AfterReply)> {
        let mut out = Vec::new();
        fill(&mut out);
        let sent = login::write_reply(&mut self.writer, &out, self.size, self.spid).await;
        Some((work, sent.map_or(AfterReply::Close, |()| AfterReply::Continue)))
    }

    /// Acknowledges an Attention.
    async fn acknowledge(&mut self, work: Worker) -> Option<(Worker, AfterReply)> {
        self.reply(work, |out| {
            tokens::done(out, DoneToken::Batch, done::ATTENTION, 0, None);
        })
        .await
    }

    async fn refuse(&mut self, work: Worker, number: i32, class: u8, text: String) -> Option<(Worker, AfterReply)> {
        let mut writer = ReplyWriter::new(self.shared.name.clone());
        writer.push(Reply::Message(message(number, class, text)));
        writer.end(Ending::Last);
        self.reply(work, |out| *out = writer.take(usize::MAX)).await
    }

    /// Runs a request and sends its packets as they become complete.
    async fn run(
        &mut self,
        mut work: Worker,
        request: Request,
        reset: bool,
        wire: Option<WireFault>,
    ) -> Option<(Worker, AfterReply)> {
        let (packets, mut filled) = mpsc::channel(QUEUED_PACKETS);
        let cancelled = Arc::new(AtomicBool::new(false));
        let interrupt = work.session.interrupt();
        let outlet = PacketOutlet {
            packets,
            content_size: self.size - HEADER,
            interrupt: interrupt.clone(),
            cancelled: cancelled.clone(),
        };
        let stopped = Arc::new(Notify::new());
        let mut stop = StopGuard { interrupt: Some(interrupt.clone()), cancelled, stopped: stopped.clone() };
        let replies = ReplyWriter::new(self.shared.name.clone());
        let places = self.shared.places.clone();
        let mut job = tokio::spawn(async move {
            // Without a place in time it runs all the same: those before it may run for ever.
            tokio::select! {
                place = tokio::time::timeout(PLACE_TIMEOUT, places.acquire_owned()) => {
                    if let Ok(Ok(place)) = place {
                        interrupt.hold_place(place);
                    }
                }
                () = stopped.notified() => {}
            }
            let run = move || {
                let last = work.run(request, reset, replies, &outlet);
                (work, last)
            };
            let ran = tokio::task::spawn_blocking(run).await;
            interrupt.give_up_place();
            ran
        });
        let mut number = 0;
        let mut next = AfterReply::Continue;
        let mut listening = true;
        let mut attention = false;
        loop {
            tokio::select! {
                content = filled.recv() => match content {
                    Some(content) if next == AfterReply::Continue => {
                        next = self.send_packets(&content, &mut number, wire.as_ref()).await;
                        if next == AfterReply::Close {
                            // From here on nobody takes what the engine sends.
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
                        // The client is gone, or sends something else while a request runs.
                        _ => {
                            listening = false;
                            next = AfterReply::Close;
                            filled.close();
                        }
                    }
                }
                // A stop before the engine had started may have been lost.
                () = tokio::time::sleep(STOP_INTERVAL), if stop.is_stopped() => stop.stop(),
            }
        }
        let ran = loop {
            tokio::select! {
                ran = &mut job => break ran,
                () = tokio::time::sleep(STOP_INTERVAL), if stop.is_stopped() => stop.stop(),
            }
        };
        stop.disarm();
        let (work, last) = ran.ok()?.ok()?;
        if next == AfterReply::Continue {
            next = self.send_last_packet(&last, number, wire.as_ref()).await;
        }
        if next == AfterReply::Continue && attention {
            // In a message of its own, as SQL Server does; drivers wait for the end of the interrupted one first.
            return self.acknowledge(work).await;
        }
        if work.session.interrupt().is_killed() {
            next = AfterReply::Close;
        }
        Some((work, next))
    }

    /// Sends full packets that are not the last.
    async fn send_packets(&mut self, content: &[u8], number: &mut usize, wire: Option<&WireFault>) -> AfterReply {
        let mut bytes = Vec::with_capacity(content.len() + 64);
        for chunk in content.chunks(self.size - HEADER) {
            packet::append_packet(&mut bytes, PacketType::Reply, chunk, false, self.spid, *number);
            *number += 1;
        }
        self.send(&bytes, wire).await
    }

    /// Sends the last packet.
    async fn send_last_packet(&mut self, content: &[u8], number: usize, wire: Option<&WireFault>) -> AfterReply {
        let mut bytes = Vec::new();
        packet::append_packet(&mut bytes, PacketType::Reply, content, true, self.spid, number);
        self.send(&bytes, wire).await
    }

    async fn send(&mut self, bytes: &[u8], wire: Option<&WireFault>) -> AfterReply {
        let half = wire == Some(&WireFault::DropMidReply);
        let bytes = if half { &bytes[..bytes.len() / 2] } else { bytes };
        let sent = async {
            self.writer.write_all(bytes).await?;
            self.writer.flush().await
        };
        if sent.await.is_ok() && !half { AfterReply::Continue } else { AfterReply::Close }
    }
}

/// Decodes a message as a request; `None` if it is not one.
fn decode(message: &Message) -> Result<Option<Request>, DecodeError> {
    let payload = &message.payload;
    Ok(Some(match message.kind {
        PacketType::SqlBatch => Request::Batch(decode_batch(payload)?),
        PacketType::Rpc => Request::Calls(decode_calls(payload)?),
        PacketType::Transaction => Request::Transaction(decode_transaction(payload)?),
        _ => return Ok(None),
    }))
}
