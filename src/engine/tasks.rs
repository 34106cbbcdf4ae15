//! Effects as tasks: each runs on the runtime, answers with events, and reports its end even after a panic.

use std::collections::HashMap;

use tokio::sync::mpsc::UnboundedSender;
use tokio::task::AbortHandle;

use crate::model::export::{CopyWay, FileTrouble};
use crate::model::plan::Progress;
use crate::model::secret::SecretString;
use crate::model::survey::{Inputs, SurveyId, Ticket};
use crate::wizard::effect::Effect;
use crate::wizard::event::Event;
use crate::world::World;
use crate::world::apply::Cancel;
use crate::world::key_file::KeyFileError;

/// What tasks send.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are events, and each is gone as soon as it is read")]
pub enum TaskMessage {
    /// Something happened.
    Event(Event),
    /// A task has ended: well, by being dropped, or by a panic.
    Ended,
}

/// The tasks that are under way.
#[derive(Debug)]
pub struct Tasks {
    world: World,
    sender: UnboundedSender<TaskMessage>,
    surveys: HashMap<SurveyId, AbortHandle>,
    cancel_install: Cancel,
    terminal_copies: Vec<SecretString>,
    handles: Vec<AbortHandle>,
    open: usize,
}

/// Sends [`TaskMessage::Ended`] when it is dropped.
struct Guard(UnboundedSender<TaskMessage>);

impl Drop for Guard {
    fn drop(&mut self) {
        // Nobody listens any more only when the engine is gone.
        let _ = self.0.send(TaskMessage::Ended);
    }
}

impl Tasks {
    /// No tasks yet.
    pub fn new(world: World, sender: UnboundedSender<TaskMessage>) -> Self {
        Self {
            world,
            sender,
            surveys: HashMap::new(),
            cancel_install: Cancel::default(),
            terminal_copies: Vec::new(),
            handles: Vec::new(),
            open: 0,
        }
    }

    /// Returns what the tasks work on.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Returns how many tasks have not ended.
    pub fn open(&self) -> usize {
        self.open
    }

    /// Returns a text that only a face can put on a clipboard.
    pub fn take_terminal_copy(&mut self) -> Option<SecretString> {
        self.terminal_copies.pop()
    }

    /// A task has ended.
    pub fn ended(&mut self) {
        self.open = self.open.saturating_sub(1);
    }

    /// Begins what an effect asks for.
    pub fn begin(&mut self, effect: Effect) {
        let world = self.world.clone();
        let send = self.event_sender();
        match effect {
            Effect::Survey { ticket, inputs, fresh } => self.survey(ticket, inputs, fresh),
            Effect::CancelSurvey(survey) => self.drop_survey(survey),
            Effect::GenerateKey(size) => {
                self.spawn(async move {
                    match world.generate_key(size) {
                        Ok(generated) => send(Event::KeyGenerated(generated)),
                        Err(error) => send(Event::Failed(format!("No key could be drawn: {error}.").into())),
                    }
                });
            }
            Effect::LoadRun(instance) => {
                self.spawn(async move {
                    let resumed = world.resume(&instance).await;
                    send(Event::Resumed(resumed.map(Box::new).map_err(Box::new)));
                });
            }
            Effect::Install(plan, key) => {
                let cancel = Cancel::default();
                self.cancel_install = cancel.clone();
                // How it ends is the last thing that it reports.
                self.spawn(async move {
                    let work = world.install(&plan, key.as_ref(), &cancel, |progress| send(Event::Progress(progress)));
                    let _ = world.report_waiting(work, |waiting| send(Event::Progress(Progress::Waiting(waiting)))).await;
                });
            }
            Effect::CancelInstall => self.cancel_install.ask(),
            Effect::Undo { instance, target } => {
                self.spawn(async move {
                    let work = Box::pin(world.undo(&instance, Some(&*target), |progress| send(Event::Progress(progress))));
                    world.report_waiting(work, |waiting| send(Event::Progress(Progress::Waiting(waiting)))).await;
                });
            }
            Effect::CloseRun(instance) => {
                self.spawn(async move {
                    if world.close_run(&instance).await.is_err() {
                        send(Event::Failed("The journal could not be removed; the next start will offer to go on.".into()));
                    }
                });
            }
            Effect::Copy(text) => match world.copy_way() {
                CopyWay::Desktop => {
                    self.spawn(async move {
                        send(Event::Copied(world.copy(text).await.map(|()| CopyWay::Desktop).map_err(Into::into)));
                    });
                }
                CopyWay::Terminal => self.terminal_copies.push(text),
            },
            Effect::SaveKey(path, key) => {
                self.spawn(async move {
                    let shown = path.to_string_lossy().as_ref().into();
                    send(Event::KeySaved(world.save_key(path, &key).await.map(|()| shown).map_err(file_trouble)));
                });
            }
            Effect::SaveAnswers(path, text) => {
                self.spawn(async move {
                    let shown = path.to_string_lossy().as_ref().into();
                    send(Event::AnswersSaved(world.save_text(path, text).await.map(|()| shown).map_err(file_trouble)));
                });
            }
            Effect::ReadKey(path, key) => {
                self.spawn(async move {
                    let read = match world.read_key_file(path).await {
                        Ok(found) => Ok(found.same_as(&key)),
                        Err(KeyFileError::Form(_) | KeyFileError::ReadBack) => Ok(false),
                        Err(error) => Err(file_trouble(error)),
                    };
                    send(Event::KeyRead(read));
                });
            }
        }
    }

    fn survey(&mut self, ticket: Ticket, inputs: Inputs, fresh: bool) {
        let survey = inputs.survey();
        self.drop_survey(survey);
        let world = self.world.clone();
        let send = self.event_sender();
        let handle = self.spawn(async move {
            let mut newest = None;
            world
                .survey(&inputs, fresh, |observed| {
                    newest = Some(observed.clone());
                    send(Event::Observed { ticket, observed, last: false });
                })
                .await;
            if let Some(observed) = newest {
                send(Event::Observed { ticket, observed, last: true });
            }
        });
        self.surveys.insert(survey, handle);
    }

    /// Drops every survey.
    pub fn drop_surveys(&mut self) {
        for (_, handle) in self.surveys.drain() {
            handle.abort();
        }
    }

    fn drop_survey(&mut self, survey: SurveyId) {
        if let Some(handle) = self.surveys.remove(&survey) {
            handle.abort();
        }
    }

    fn event_sender(&self) -> impl Fn(Event) + Clone + Send + 'static {
        let sender = self.sender.clone();
        move |event| {
            let _ = sender.send(TaskMessage::Event(event));
        }
    }

    fn spawn(&mut self, work: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        self.open += 1;
        let guard = Guard(self.sender.clone());
        let task = async move {
            let _guard = guard;
            work.await;
        };
        let handle = tokio::spawn(task).abort_handle();
        self.handles.retain(|handle| !handle.is_finished());
        self.handles.push(handle.clone());
        handle
    }
}

/// Cancels all tasks by dropping them. An install stops where it is, and its journal knows where that was.
impl Drop for Tasks {
    fn drop(&mut self) {
        for handle in &self.handles {
            handle.abort();
        }
    }
}

/// Converts a failure with the key's file.
fn file_trouble(error: KeyFileError) -> FileTrouble {
    match error {
        KeyFileError::Exists => FileTrouble::Exists,
        KeyFileError::NotAbsolute => FileTrouble::NotAbsolute,
        KeyFileError::Refused(error) => FileTrouble::Refused(error.to_string().into()),
        other => FileTrouble::Refused(other.to_string().trim_end_matches('.').into()),
    }
}
