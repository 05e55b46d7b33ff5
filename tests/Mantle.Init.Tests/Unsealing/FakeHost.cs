using System.Text;
using Mantle.Init.Configuration;
using Mantle.Init.Unsealing;

namespace Mantle.Init.Tests.Unsealing;

/// <summary>Does nothing and notes what it was asked for, in order.</summary>
internal sealed class FakeHost : IUnsealHost
{
    internal const int Process = 41;

    internal List<string> Log { get; } = [];

    internal byte? Missing { get; set; }

    internal Exception? SearchFails { get; set; }

    internal Exception? OpenFails { get; set; }

    internal Exception? StoreFails { get; set; }

    internal static UnsealConfiguration Configuration(int attempts = 3) => new(
        "/usr/bin/unseal", 1002, 1002, 8009, attempts, MachineEnd.PowerOff, new("us-east-1", null, "/roots.pem"),
        [new("token", "/token.sealed", "1")],
        [new("weights", new string('a', 64), "1", true), new("plain", new string('b', 64), "1", false)]);

    public byte? FindVolumes()
    {
        Log.Add("find");
        return SearchFails is { } problem ? throw problem : Missing;
    }

    public int Start()
    {
        Log.Add("start");
        return Process;
    }

    public ReadOnlyMemory<byte> BlobOf(VolumeConfiguration volume) => Encoding.ASCII.GetBytes($"blob of {volume.Name}");

    public void Send(ReadOnlySpan<byte> datagram) => Log.Add($"send {Encoding.ASCII.GetString(datagram).Replace('\a', '7')}");

    public void Store(string name, ReadOnlySpan<byte> piece, bool isFirst)
    {
        Log.Add($"store {name} {Encoding.ASCII.GetString(piece)}{(isFirst ? " first" : "")}");
        if (StoreFails is { } problem)
        {
            throw problem;
        }
    }

    public void CloseSecrets() => Log.Add("close secrets");

    public void Open(VolumeConfiguration volume, ReadOnlySpan<byte> key)
    {
        Log.Add($"open {volume.Name} {(key.IsEmpty ? "plain" : Convert.ToHexStringLower(key[..2]))}");
        if (OpenFails is { } problem)
        {
            throw problem;
        }
    }

    public void Undo() => Log.Add("undo");

    public void EndProgram() => Log.Add("end program");
}
