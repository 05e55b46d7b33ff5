using Mantle.Formats.Bytes;
using Mantle.Formats.Elf;
using Mantle.Formats.Pe;
using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tests.Pe;
using Mantle.Formats.Tpm;
using Mantle.Fuzz.Seeds;
using Mantle.Measure;
using Mantle.Measure.Audit;
using Mantle.Measure.Audit.Reporting;
using Mantle.Measure.Prediction;
using Mantle.Measure.Twin;

namespace Mantle.Fuzz;

/// <summary>What boots, and what a TPM says of it.</summary>
internal static class BootReaders
{
    private static readonly Lazy<SparseSeed> s_disk = new(() => new SparseSeed(Samples.Disk(Samples.Fat(4 << 20, ByteSource.FromMemory(Samples.Uki())))));

    private static readonly IReadOnlyList<byte[]> s_json = Texts.Words("null", "[]", "{}", "\"\"", "0", "-1", "1e9", "true", "[", "{\"a\":", "\\u0000", "\"sha1\"", "99999999999999999999");

    private static readonly Lazy<SparseSeed> s_twinDisk = new(() => new SparseSeed(
        Samples.Disk(Samples.Fat(4 << 20, ByteSource.FromMemory(Samples.Uki())), ByteSource.FromMemory(Samples.Erofs()))));

    public static IReadOnlyList<FuzzReader> All { get; } =
    [
        new("pe", () => [SyntheticPe.Stub(), SyntheticPe.Kernel(size: 600), Samples.Uki()], ReadPe),
        new("uki", () => [Samples.Uki()], bytes => UkiReader.Read(PackageReaders.Source(bytes))),
        new("elf", () => [Elf.Module("erofs", "6.12.1")], ReadElf),
        new("elf identity", () => [Elf.Module("erofs", "6.12.1")], bytes => ElfIdentity.Read(PackageReaders.Source(bytes))),
        new("audit uki", () => [Samples.Uki()], bytes => Audit(PackageReaders.Source(bytes))),
        new("audit disk", () => [s_disk.Value.Bytes], bytes => Audit(s_disk.Value.Expand(bytes))),
        new("event log", Samples.EventLogs, ReadLog),
        new("event log area", () => [.. Samples.EventLogs().Select(log => (byte[])[.. log, .. new byte[64]])], bytes => EventLog.ReadArea(bytes)),
        new("efi variable", Variables, bytes => UefiVariableData.Read(bytes)),
        new("tpm command", () => [PcrRead.WriteCommand(TpmAlgorithm.Sha256, 0x800001)], bytes => TpmCommand.Read(bytes)),
        new("tpm answer", () => [Answers()], ReadAnswers),
        new("predict uki", () => [Samples.Uki()], bytes => Predict(PackageReaders.Source(bytes))) { Refuses = IsRefusal },
        new("predict disk", () => [s_disk.Value.Bytes], bytes => Predict(s_disk.Value.Expand(bytes))) { Refuses = IsRefusal },
        new("measurements", Measurements, bytes => MeasurementsDocument.Read(PackageReaders.Source(bytes)))
        {
            Words = s_json,
        },
        new("deny list", DenyLists, bytes => DenyList.Read(PackageReaders.Source(bytes))) { Words = s_json },
        new("twin mark", () => [Texts.Bytes("ID=a\nVARIANT_ID=sealed\nIMAGE_ID=\"a\"\n")], bytes => DebugTwin.IsMarked(PackageReaders.Source(bytes))),
        new("twin manifest", () => [Texts.Bytes("{ \"version\": 1, \"debug\": false }")], bytes => DebugTwin.IsMarkedManifest(PackageReaders.Source(bytes)))
        {
            Words = s_json,
            RefusesAlike = true,
        },
        new("twin uki", () => [Samples.Uki()], bytes => DebugTwin.FindMarks(PackageReaders.Source(bytes))),
        new("twin disk", () => [s_twinDisk.Value.Bytes], bytes => DebugTwin.FindMarks(s_twinDisk.Value.Expand(bytes))),
    ];

    public static bool IsRefusal(Exception problem) => problem is MalformedInputException or UserErrorException;

    /// <summary>An audit refuses nothing: what it cannot read is in its report.</summary>
    private static void Audit(ByteSource source)
    {
        AuditReport report = Auditor.Audit(source, new());
        AuditText.Write(report, TextWriter.Null);
        AuditJson.Write(report, Stream.Null);
        AuditSarif.Write(report, "1", Stream.Null);
    }

    private static void Predict(ByteSource source) =>
        Predictor.Predict(source, new PredictionOptions { Banks = [TpmAlgorithm.Sha256], InputName = "input" });

    /// <summary>
    /// What a TPM answers to all commands of a read, one behind the other: one bank of 24 registers (TPM2_GetCapability), then eight
    /// values at a time (TPM2_PCR_Read).
    /// </summary>
    private static byte[] Answers()
    {
        List<byte> answers = [.. Convert.FromHexString("80010000001900000000000000000500000001000b03ffffff")];
        foreach (string registers in (string[])["ff0000", "00ff00", "0000ff"])
        {
            answers.AddRange(Convert.FromHexString($"80010000012c000000000000000700000001000b03{registers}00000008"));
            for (int i = 0; i < 8; i++)
            {
                answers.AddRange([0, 32, .. new byte[32]]);
            }
        }

        return [.. answers];
    }

    /// <summary>Cuts the input where each answer says that it ends, as a device does.</summary>
    private static void ReadAnswers(byte[] bytes)
    {
        int at = 0;
        PcrRead.ReadAll(_ =>
        {
            ReadOnlyMemory<byte> rest = bytes.AsMemory(Math.Min(at, bytes.Length));
            uint length = rest.Length < 6 ? (uint)rest.Length : System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(rest.Span[2..]);
            ReadOnlyMemory<byte> answer = rest[..(int)Math.Min(length, (uint)rest.Length)];
            at += Math.Max(answer.Length, 1);
            return answer;
        });
    }

    private static void ReadPe(byte[] bytes)
    {
        PeImage image = PeImage.Read(PackageReaders.Source(bytes));
        PackageReaders.Drain(image.Sections.Select(image.ContentOf));
        PackageReaders.Drain([AuthenticodeDigest.HashedContent(image)]);
    }

    private static void ReadElf(byte[] bytes)
    {
        ElfFile elf = ElfFile.Read(PackageReaders.Source(bytes));
        if (elf.TryReadSection(".modinfo", out ByteSource content))
        {
            PackageReaders.Drain([content]);
        }
    }

    private static void ReadLog(byte[] bytes)
    {
        EventLog log = EventLog.Read((ReadOnlyMemory<byte>)bytes);
        log.Replay();
        EventLogPrinter.Print(log, TextWriter.Null);
    }

    private static IReadOnlyList<byte[]> Variables() =>
        [.. Samples.EventLogs().SelectMany(log => EventLog.Read((ReadOnlyMemory<byte>)log).Events).Select(e => e.UntrustedData.ToArray()).Where(data => UefiVariableData.TryRead(data, out _)).Take(20)];

    private static IReadOnlyList<byte[]> DenyLists()
    {
        using MemoryStream document = new();
        ImagePrediction prediction = Predictor.Predict(PackageReaders.Source(Samples.Uki()), new() { Banks = [TpmAlgorithm.Sha1], InputName = "uki.efi" });
        DenyList.Of("a", "1.0", "00", prediction).Write(document);
        return [document.ToArray()];
    }

    private static IReadOnlyList<byte[]> Measurements()
    {
        using MemoryStream document = new();
        MeasurementsDocument.Write(
            Predictor.Predict(PackageReaders.Source(Samples.Uki()), new PredictionOptions { Banks = [TpmAlgorithm.Sha1], Pcrs = [4, 12], InputName = "uki.efi" }), document);
        return [document.ToArray()];
    }
}
