using Mantle.Testing;

namespace Mantle.Demo.Tests;

/// <summary>One run of the demonstration, from keys to attacks, that all tests look at.</summary>
public sealed class DemoRun : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _transcript = new();
    private Cloud? _cloud;
    private Demonstration? _demonstration;
    private Exception? _failure;

    internal Demonstration Seen => _demonstration is null ? Run() : _failure is null ? _demonstration : throw new InvalidOperationException("the demonstration failed", _failure);

    /// <summary>What it told.</summary>
    internal string Transcript => _transcript.ToString();

    /// <summary>A file of the folder in which it worked.</summary>
    internal string this[string name] => _folder[name];

    internal Cloud Cloud => _cloud!;

    public async ValueTask DisposeAsync()
    {
        if (_cloud is not null)
        {
            await _cloud.DisposeAsync();
        }

        await _transcript.DisposeAsync();
        _folder.Dispose();
    }

    private Demonstration Run()
    {
        foreach (string tool in new[] { "qemu-system-x86_64", "swtpm", "socat", "openssl", "sbsign", "mcopy" })
        {
            Oracle.Require(tool);
        }

        BuildOutput.Require(Path.Combine("artifacts", "weights"), "model.mantle");
        Transcript transcript = new(_transcript);
        _cloud = Cloud.StartAsync(_folder["kms-root.pem"]).GetAwaiter().GetResult();
        _demonstration = new(new Workshop(_folder.Root, transcript), _cloud, transcript);
        try
        {
            foreach ((string title, Action run) in _demonstration.Chapters)
            {
                transcript.Chapter(title);
                run();
            }
        }
        catch (Exception exception)
        {
            Console.Error.WriteLine(_transcript);
            _failure = exception;
            throw;
        }

        return _demonstration;
    }
}

/// <summary>Shares the run.</summary>
[CollectionDefinition(Name)]
public sealed class DemoRunGroup : ICollectionFixture<DemoRun>
{
    public const string Name = "demonstration";
}
