using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Mantle.Formats.Tcg;

namespace Mantle.Measure.Tests.EventLogs;

/// <summary>Writes logs with the banks SHA-1 and SHA-256, event by event, so that each defect can be made.</summary>
internal sealed class LogBuilder
{
    private readonly List<byte> _bytes = [];

    public LogBuilder()
    {
        byte[] specId =
        [
            .. "Spec ID Event03\0"u8, 0, 0, 0, 0, 0, 2, 0, 2, 2, 0, 0, 0, 4, 0, 20, 0, 11, 0, 32, 0, 0,
        ];
        Header(0, EventType.NoAction);
        _bytes.AddRange(new byte[20]);
        Data(specId);
    }

    public byte[] Bytes => [.. _bytes];

    /// <summary>A whole, faultless boot.</summary>
    public static LogBuilder Sound()
    {
        LogBuilder log = new();
        log.Add(0, EventType.CrtmVersion, [0, 0]);
        foreach (string name in (string[])["SecureBoot", "PK", "KEK", "db", "dbx"])
        {
            log.Variable(EventType.EfiVariableDriverConfig, name, name == "SecureBoot" ? [0] : []);
        }

        log.Separator(7).Action(4, "Calling EFI Application from Boot Option");
        for (int pcr = 0; pcr < 7; pcr++)
        {
            log.Separator(pcr);
        }

        return log.Image(4).Action(5, "Exit Boot Services Invocation").Action(5, "Exit Boot Services Returned with Success");
    }

    public LogBuilder Add(int pcr, EventType type, byte[] data, byte[]? hashed = null)
    {
#pragma warning disable CA5350 // the bank exists
        return AddDigests(pcr, type, data, SHA1.HashData(hashed ?? data), SHA256.HashData(hashed ?? data));
#pragma warning restore CA5350
    }

    public LogBuilder AddDigests(int pcr, EventType type, byte[] data, byte[] sha1, byte[] sha256)
    {
        Header(pcr, type);
        _bytes.AddRange([2, 0, 0, 0, 4, 0, .. sha1, 11, 0, .. sha256]);
        Data(data);
        return this;
    }

    public LogBuilder NoAction(string text) => AddDigests(0, EventType.NoAction, Encoding.Latin1.GetBytes(text), new byte[20], new byte[32]);

    public LogBuilder Action(int pcr, string text) => Add(pcr, EventType.EfiAction, Encoding.ASCII.GetBytes(text));

    public LogBuilder Separator(int pcr, uint value = 0) => Add(pcr, EventType.Separator, BitConverter.GetBytes(value));

    public LogBuilder Image(int pcr) => Add(pcr, EventType.EfiBootServicesApplication, new byte[32], [1, 2, 3]);

    public LogBuilder Variable(EventType type, string name, byte[] content, bool contentOnly = false)
    {
        byte[] data = new UefiVariableData(new("8be4df61-93ca-11d2-aa0d-00e098032b8c"), name, content).ToArray();
        return Add(type == EventType.EfiVariableBoot ? 1 : 7, type, data, contentOnly ? content : null);
    }

    private void Header(int pcr, EventType type)
    {
        Span<byte> header = stackalloc byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(header, pcr);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], (uint)type);
        _bytes.AddRange(header);
    }

    private void Data(byte[] data)
    {
        Span<byte> size = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(size, data.Length);
        _bytes.AddRange(size);
        _bytes.AddRange(data);
    }
}
