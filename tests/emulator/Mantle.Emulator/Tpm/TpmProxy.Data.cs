using System.Net.Sockets;
using Mantle.Formats.Tpm;

namespace Mantle.Emulator.Tpm;

/// <summary>The data channel: the guest's commands.</summary>
public sealed partial class TpmProxy
{
    private const ushort StartupClear = 0;

    private void RelayData()
    {
        Socket data = _data!;
        while (SoftwareTpm.ReadMessage(data) is byte[] bytes)
        {
            ReadOnlyMemory<byte> response;
            lock (_tpmLock)
            {
                response = Answer(bytes);
            }

            data.SendExactly(response.Span);
        }
    }

    private ReadOnlyMemory<byte> Answer(byte[] bytes)
    {
        // A TPM 1.2 command (firmware probes with one) is relayed unseen: it cannot extend a register of a TPM 2.0.
        if (bytes is not [0x80, 0x01 or 0x02, ..])
        {
            return _tpm.Transmit(bytes);
        }

        TpmCommand command = TpmCommand.Read(bytes);
        return _interceptor?.Intercept(command, x => Observe(TpmCommand.Read(x))) ?? Observe(command);
    }

    private ReadOnlyMemory<byte> Observe(TpmCommand command)
    {
        ReadOnlyMemory<byte> bytes = _tpm.Transmit(command.Bytes);
        TpmResponse response = TpmResponse.Read(bytes);
        if (command.Code == TpmCommandCode.Startup && response.IsSuccess)
        {
            ReadOnlySpan<byte> parameters = command.Parameters(handleCount: 0).Span;
            BeginCycle(isClear: parameters is [0, (byte)StartupClear]);
        }
        else if (PcrExtension.Observe(command, response) is PcrExtension extension)
        {
            TpmPowerCycle cycle = Current ?? throw new EmulatorException("a register was extended before TPM2_Startup");
            cycle.Record(extension);
            _onExtended?.Invoke(cycle, extension);
        }

        return bytes;
    }

    private void BeginCycle(bool isClear)
    {
        if (!isClear)
        {
            throw new EmulatorException("the guest resumes saved registers (TPM2_Startup(STATE)), which are not followed here");
        }

        TpmPowerCycle cycle = new();
        if (_earlyHash is byte[] earlyCode)
        {
            // A hash sequence of the hardware before TPM2_Startup measures the code that starts the firmware (H-CRTM, PTP 4.6.2).
            cycle.StartAtLocality(4);
            cycle.Record(new(0, [.. TpmHash.Computable.Select(bank => bank.HashData(earlyCode))]));
            _earlyHash = null;
        }
        else
        {
            cycle.StartAtLocality(_locality is 3 ? _locality : (byte)0);
        }

        lock (_cyclesLock)
        {
            _cycles.Add(cycle);
        }
    }
}
