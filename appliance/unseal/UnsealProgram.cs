using Mantle.Formats.Bytes;
using Mantle.Unseal.Broker;
using Mantle.Unseal.Configuration;
using Mantle.Unseal.Control;
using Mantle.Unseal.Tpm;

namespace Mantle.Unseal;

/// <summary>The program: hears process 1, unseals, tells process 1, attests until process 1 is gone. It writes to nobody else, and logs nothing.</summary>
internal static class UnsealProgram
{
    /// <summary>Runs it to its end.</summary>
    /// <param name="channel">The way to process 1.</param>
    /// <param name="environment">What surrounds it.</param>
    /// <returns>The exit code: 0 when process 1 closed the channel, 1 after a failure, whose stage process 1 has been told.</returns>
    public static int Run(ControlChannel channel, UnsealEnvironment environment)
    {
        NitroAttestor attestor = new(environment.OpenTpm, wait => environment.Delay(wait, CancellationToken.None).GetAwaiter().GetResult());
        Progress progress = new();

        // A TPM that never answers blocks its thread in the kernel, and no call takes it out of there; so the thread that waits is another one.
        Task<AttestationBroker?> work = Task.Factory.StartNew(() => Start(channel, environment, attestor, progress), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            if (!work.Wait(environment.Limit))
            {
                throw new UnsealException(progress.Stage is Stage.Tpm ? Stage.TpmBusy : progress.Stage);
            }

            if (work.Result is not { } broker)
            {
                return 0;
            }

            Serve(channel, broker);
            return 0;
        }
#pragma warning disable CA1031 // whatever it was: process 1 gets a code, nobody gets a stack trace
        catch (Exception e)
#pragma warning restore CA1031
        {
            return Fail(channel, (e as AggregateException)?.InnerException ?? e, progress);
        }
    }

    /// <summary>Everything until the broker listens; null if process 1 closed the channel before.</summary>
    private static AttestationBroker? Start(ControlChannel channel, UnsealEnvironment environment, NitroAttestor attestor, Progress progress)
    {
        Dictionary<string, ReadOnlyMemory<byte>> blobs = new(StringComparer.Ordinal);
        ControlMessageKind kind;
        do
        {
            if (channel.Receive() is not { } message)
            {
                return null;
            }

            kind = message.Kind;
            if (kind == ControlMessageKind.Blob && !blobs.TryAdd(message.Name, message.Content))
            {
                throw new UnsealException(Stage.Configuration);
            }
        }
        while (kind == ControlMessageKind.Blob);
        UnsealConfiguration configuration = UnsealConfigurationReader.Read(environment.ReadFile(UnsealConfigurationReader.Path));
        if (blobs.Keys.Any(name => !configuration.Volumes.Any(volume => volume.Name == name)))
        {
            throw new UnsealException(Stage.Configuration);
        }

        if (kind == ControlMessageKind.Go)
        {
            Unsealer unsealer = new(configuration, channel, attestor, environment);
            progress.Follow(unsealer);
            unsealer.RunAsync(blobs).GetAwaiter().GetResult();
        }

        AttestationBroker broker = new(environment.BrokerPath, configuration.ServiceUserId, attestor, environment.Time);
        channel.SendDone();
        return broker;
    }

    /// <summary>Attests until process 1 closes the channel, on which nothing may come any more.</summary>
    private static void Serve(ControlChannel channel, AttestationBroker broker)
    {
        using (broker)
        {
            Thread thread = new(broker.Run) { IsBackground = true, Name = "broker" };
            thread.Start();
            channel.Receive();
        }
    }

    private static int Fail(ControlChannel channel, Exception problem, Progress progress)
    {
        try
        {
            channel.Drain();
            channel.SendStage(problem switch
            {
                UnsealException known => known.Stage,
                MalformedInputException => Stage.Configuration,
                _ => progress.Stage,
            });
        }
        catch (IOException)
        {
            // Process 1 is gone; so is the machine.
        }

        return 1;
    }

    private sealed class Progress
    {
        private Unsealer? _unsealer;

        public Stage Stage => _unsealer?.Stage ?? Stage.Configuration;

        public void Follow(Unsealer unsealer) => _unsealer = unsealer;
    }
}
