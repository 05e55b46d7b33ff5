using System.Text.Json;
using Mantle.ImageBuilder.Publishing;
using Mantle.ImageBuilder.Publishing.Upload;
using Spectre.Console;

namespace Mantle.ImageBuilder.Cli;

/// <summary>Shows an upload on standard error: a bar with rate and time left on a terminal, an event a line for programs, else nothing.</summary>
/// <param name="agrees">Whether every question is answered by <c>--yes</c>.</param>
/// <param name="writesJson">Whether events are JSON.</param>
internal sealed class ConsolePublishing(bool agrees, bool writesJson) : IPublishWatcher
{
    private readonly ConsoleDialogue _dialogue = new(agrees);

    public void Say(string line) => _dialogue.Say(line);

    public bool Confirm(string question) => _dialogue.Confirm(question);

    public async Task<T> ShowAsync<T>(Func<IProgress<UploadProgress>, Task<T>> work)
    {
        if (writesJson)
        {
            return await work(new JsonEvents(TimeProvider.System)).ConfigureAwait(false);
        }

        if (Console.IsErrorRedirected)
        {
            return await work(new Silence()).ConfigureAwait(false);
        }

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return await console.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new DownloadedColumn(), new TransferSpeedColumn(), new RemainingTimeColumn())
            .StartAsync(context => work(new Bar(context.AddTask("upload")))).ConfigureAwait(false);
    }

    private sealed class Bar(ProgressTask task) : IProgress<UploadProgress>
    {
        private readonly Lock _lock = new();

        public void Report(UploadProgress value)
        {
            lock (_lock)
            {
                task.MaxValue = value.Total;
                task.Value = Math.Max(task.Value, value.Done);
            }
        }
    }

    private sealed class Silence : IProgress<UploadProgress>
    {
        public void Report(UploadProgress value)
        {
        }
    }

    /// <summary>At most four events a second, and the last one.</summary>
    private sealed class JsonEvents(TimeProvider time) : IProgress<UploadProgress>
    {
        private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(250);

        private readonly Lock _lock = new();
        private readonly long _begin = time.GetTimestamp();
        private TimeSpan _last = -s_interval;

        public void Report(UploadProgress value)
        {
            lock (_lock)
            {
                TimeSpan now = time.GetElapsedTime(_begin);
                if (now - _last < s_interval && value.Done < value.Total)
                {
                    return;
                }

                _last = now;
                using MemoryStream buffer = new();
                using (Utf8JsonWriter json = new(buffer))
                {
                    json.WriteStartObject();
                    json.WriteString("event", "upload");
                    json.WriteString("region", value.Region);
                    json.WriteString("snapshot", value.Snapshot);
                    json.WriteNumber("doneBytes", value.Done);
                    json.WriteNumber("totalBytes", value.Total);
                    json.WriteNumber("sentBytes", value.Sent);
                    json.WriteNumber("parallel", value.Limit);
                    json.WriteNumber("elapsedMs", (long)now.TotalMilliseconds);
                    json.WriteEndObject();
                }

                Console.Error.WriteLine(System.Text.Encoding.UTF8.GetString(buffer.ToArray()));
            }
        }
    }
}
