using Mantle.Emulator.Tpm;
using Mantle.Emulator.Tpm.Nitro;
using Mantle.Testing;
using Mantle.Unseal.Tpm;

namespace Mantle.Unseal.Tests.Tpm;

/// <summary>A NitroTPM over swtpm, and the appliance's client in front of it.</summary>
internal sealed class TestTpm : IDisposable
{
    public TestTpm(Func<NitroTpmOptions, NitroTpmOptions>? change = null)
    {
        NitroTpmOptions options = new() { Authority = Authority };
        Nitro = new(change?.Invoke(options) ?? options);
        Local = new(Oracle.Require("swtpm"), Nitro);
        Attestor = new(Open, Waits.Add);
    }

    public static NitroPki Authority { get; } = NitroPki.At(TimeProvider.System.GetUtcNow());

    public NitroTpm Nitro { get; }

    public LocalTpm Local { get; }

    public NitroAttestor Attestor { get; }

    public List<TimeSpan> Waits { get; } = [];

    /// <summary>How many times the device was opened, and closed again.</summary>
    public int Opened { get; private set; }

    public int Closed { get; private set; }

    public ITpmTransport Open()
    {
        Opened++;
        return new Transport(this);
    }

    public void Dispose()
    {
        Local.Dispose();
        Nitro.Dispose();
    }

    private sealed class Transport(TestTpm tpm) : ITpmTransport
    {
        public ReadOnlyMemory<byte> Transmit(ReadOnlyMemory<byte> command) => tpm.Local.Transmit(command.ToArray());

        public void Dispose() => tpm.Closed++;
    }
}
