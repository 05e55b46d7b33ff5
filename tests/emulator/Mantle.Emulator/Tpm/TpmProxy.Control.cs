using System.Buffers.Binary;
using System.Net.Sockets;
using Mantle.Formats.Tpm;

namespace Mantle.Emulator.Tpm;

/// <summary>The control channel: power, locality, and hash sequences that the hardware issues.</summary>
public sealed partial class TpmProxy
{
    private const int FirstDynamicRegister = 17;
    private const int LastDynamicRegister = 22;

    private MemoryStream? _hash;
    private byte[]? _earlyHash;
    private byte _locality;

    private void RelayControl()
    {
        Socket control = _control = _listener.Accept();
        byte[] code = new byte[4];
        while (ReadCode(control, code))
        {
            TpmControlCommand command = (TpmControlCommand)BinaryPrimitives.ReadUInt32BigEndian(code);
            byte[] body = ReadBody(control, command);
            if (command == TpmControlCommand.SetDataFd)
            {
                StartData();
                control.SendExactly([0, 0, 0, 0]);
                continue;
            }

            // A cancel must overtake the command that it cancels, which holds the lock. swtpm's control channel has no other user than this thread.
            if (command == TpmControlCommand.CancelTpmCommand)
            {
                control.SendExactly(_tpm.Control(code));
                continue;
            }

            lock (_tpmLock)
            {
                control.SendExactly(Relay(command, body, [.. code, .. body]));
            }
        }
    }

    private byte[] Relay(TpmControlCommand command, byte[] body, byte[] request)
    {
        if (command is TpmControlCommand.Init or TpmControlCommand.Stop or TpmControlCommand.Shutdown && Current is TpmPowerCycle ending)
        {
            ending.End(ReadPcrs(ending));
        }

        byte[] response = _tpm.Control(request);
        if (response is not [0, 0, 0, 0, ..])
        {
            return response;
        }

        switch (command)
        {
            case TpmControlCommand.Init:
                _locality = 0;
                _earlyHash = null;
                break;
            case TpmControlCommand.SetLocality:
                _locality = body[0];
                break;
            case TpmControlCommand.HashStart:
                _hash = new();
                break;
            case TpmControlCommand.HashData:
                _hash?.Write(body.AsSpan(4));
                break;
            case TpmControlCommand.HashEnd when _hash is not null:
                EndHash(_hash.ToArray());
                _hash = null;
                break;
        }

        return response;
    }

    private void EndHash(byte[] data)
    {
        if (Current is not TpmPowerCycle cycle)
        {
            _earlyHash = data;
            return;
        }

        // After TPM2_Startup it is a dynamic launch: registers 17 to 22 become zero and the first takes the digest.
        for (int register = FirstDynamicRegister; register <= LastDynamicRegister; register++)
        {
            cycle.Record(new(register, []));
        }

        cycle.Record(new(FirstDynamicRegister, [.. TpmHash.Computable.Select(bank => bank.HashData(data))]));
    }

    private bool ReadCode(Socket control, Span<byte> code)
    {
        int count = control.ReceiveWithSocket(code, out Socket? passed);
        if (passed is not null)
        {
            _data = passed;
        }

        return count != 0 && (count == code.Length || control.TryReadExactly(code[count..]));
    }

    private void StartData()
    {
        if (_data is null || _dataThread is not null)
        {
            throw new EmulatorException("qemu passed no data channel, or a second one");
        }

        _dataThread = new(() => Guarded(RelayData)) { IsBackground = true, Name = "tpm data" };
        _dataThread.Start();
    }

    private static byte[] ReadBody(Socket control, TpmControlCommand command)
    {
        int size = command switch
        {
            TpmControlCommand.Init or TpmControlCommand.SetLocality or TpmControlCommand.ResetTpmEstablished or TpmControlCommand.SetBufferSize => 4,
            TpmControlCommand.HashData => 4,
            TpmControlCommand.GetStateBlob or TpmControlCommand.SetStateBlob or TpmControlCommand.GetInfo =>
                throw new EmulatorException($"control command {command} is not relayed: nothing here suspends a machine"),
            _ => 0,
        };
        byte[] body = new byte[size];
        if (!control.TryReadExactly(body))
        {
            throw new EmulatorException($"control command {command} without its body");
        }

        if (command == TpmControlCommand.HashData)
        {
            byte[] data = new byte[checked((int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(body), 1 << 20))];
            return control.TryReadExactly(data) ? [.. body, .. data] : throw new EmulatorException("hash data without its data");
        }

        return body;
    }
}
