using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Pe;
using Mantle.Formats.Tpm;
using Mantle.Measure.Explain;
using Mantle.Measure.Tests.Comparison;
using Mantle.Measure.Tests.Prediction;

namespace Mantle.Measure.Tests.Explain;

/// <summary>Mismatches with known causes: made by hand from a small image, and read from TPMs after real boots.</summary>
internal static class MismatchTable
{
    private const TpmAlgorithm Sha256 = TpmAlgorithm.Sha256;
    private const TpmAlgorithm Sha384 = TpmAlgorithm.Sha384;
    private const string Calling = "Calling EFI Application from Boot Option";
    private const string Returning = "Returning from EFI Application from Boot Option";

    private static readonly TpmAlgorithm[] s_banks = [Sha256, Sha384];
    private static readonly string[] s_words = ["quiet", "debug", "systemd.debug_shell", "init=/bin/sh", "console=ttyS0", "rd.break"];

    public static ExpectedBoot Release { get; } = ExpectedBoot.FromImage("1.4.2", new TestImage().Disk());

    public static ExpectedBoot Older { get; } = ExpectedBoot.FromImage("1.4.1", new TestImage { OsRelease = "ID=test\nVERSION_ID=0.9\n" }.Disk());

    public static IReadOnlyList<Mismatch> All { get; } = [.. OfImage(), .. OfReading(), .. OfRealBoots(), .. Unknowable()];

    private static Registers Machine => Registers.Of(Release);

    private static string Line => Release.CommandLine!;

    private static IEnumerable<Mismatch> OfImage()
    {
        Mismatch Row(string name, string cause, string says, Registers registers) => new(name, cause, says, Release, registers.Values(s_banks)) { Words = s_words, Known = [Older] };
        Registers Words(string measured, string line) => Machine.Change(12, _ => [Registers.Wide(measured)]).Change(9, e => [Registers.Wide(line), e[1]]);
        Func<TpmAlgorithm, byte[]> unknown = Registers.Text("something that nobody knows");

        yield return Row("secure boot on, unknown keys", "secure-boot-on", "keys that are not known", Machine.Change(4, e => e.Take(3)).Change(7, e => [unknown, .. e.Skip(1)]));
        yield return Row("stub jumps into the kernel", "stub-rule", "258 to 262", Machine.Change(4, e => e.Take(3)));
        yield return Row("one attempt before", "extra-boot-attempt", "another boot entry", Machine.Change(4, e => [e[0], e[1], Registers.Text(Returning), Registers.Text(Calling), e[2], e[3]]));
        yield return Row(
            "three attempts before", "extra-boot-attempt", "3 other boot entries",
            Machine.Change(4, e => [e[0], e[1], .. Enumerable.Repeat<Func<TpmAlgorithm, byte[]>[]>([Registers.Text(Returning), Registers.Text(Calling)], 3).SelectMany(x => x), e[2], e[3]]));
        yield return Row("smbios word", "command-line-extra", "SMBIOS string added the words \"systemd.debug_shell\"", Words("systemd.debug_shell", $"{Line} systemd.debug_shell"));
        yield return Row("two smbios words", "command-line-extra", "SMBIOS string added the words \"debug console=ttyS0\"", Words("debug console=ttyS0", $"{Line} debug console=ttyS0"));
        yield return Row("boot entry options", "command-line-extra", "options replaced the command line by \"init=/bin/sh\"", Words("init=/bin/sh", "init=/bin/sh"));
        yield return Row(
            "addon with a word", "command-line-extra", "addon on the ESP added the words \"rd.break\"",
            Words("rd.break", $"{Line} rd.break").Change(4, e => [e[0], e[1], e[2], unknown, e[3]]));
        yield return Row("credential", "unnamed-extra", "a credential", Machine.Change(12, _ => [unknown]).Change(9, e => [e[0], unknown]));
        yield return Row("system extension", "unnamed-extra", "a system extension", Machine.Change(13, _ => [unknown]).Change(9, e => [e[0], unknown]));
        yield return Row("addon with an initrd", "unnamed-extra", "an addon", Machine.Change(4, e => [e[0], e[1], e[2], unknown, e[3]]).Change(12, _ => [unknown]).Change(9, e => [e[0], unknown]));
        yield return Row("grown to 100 GiB", "grown-partition-table", "100 GiB", Machine.Change(5, e => [e[0], Registers.Data(Grown(100)), e[2], e[3]]));
        yield return Row("grown to 8 GiB", "grown-partition-table", "a disk of 8 GiB", Machine.Change(5, e => [e[0], Registers.Data(Grown(8)), e[2], e[3]]));
        yield return Row("no partition table", "pcr5-course", "no partition table", Machine.Change(5, e => [e[0], e[2], e[3]]));
        yield return Row("read before the system", "pcr5-course", "from before ExitBootServices", Machine.Change(5, e => e.Take(2)));
        yield return Row("ExitBootServices repeated", "pcr5-course", "failed once", Machine.Change(5, e => [e[0], e[1], e[2], Registers.Text("Exit Boot Services Returned with Failure"), e[2], e[3]]));
        yield return Row(
            "newline in the section", "command-line-ending", "has a newline more",
            Machine.Change(11, e => [.. e.Take(5), Registers.Data([.. Release.SmallSection(".cmdline")!, (byte)'\n']), .. e.Skip(6)]).Change(4, e => [e[0], e[1], unknown, e[3]]));
        yield return Row(
            "NUL in a tool's section", "command-line-ending", "computed for a .cmdline with a NUL more",
            Machine.Change(11, e => [.. e.Take(5), Registers.Data([.. Release.SmallSection(".cmdline")!, 0]), .. e.Skip(6)]));
        yield return Row("boot phases", "boot-phases", "enter-initrd, leave-initrd", Machine.Change(11, e => [.. e, Registers.Text("enter-initrd"), Registers.Text("leave-initrd")]));
        yield return Row(".sbat forgotten", "section-rule", "section .sbat", Machine.Change(11, e => e.Take(e.Count - 2)));
        yield return Row("only contents", "section-rule", "only the contents", Machine.Change(11, e => e.Where((_, i) => i % 2 == 1)));
        yield return Row("command line in ASCII", "kernel-input-encoding", "in ASCII", Machine.Change(9, e => [Registers.Text(Line), e[1]]));
        yield return Row("command line without NUL", "kernel-input-encoding", "without its NUL", Machine.Change(9, e => [Registers.Data(Encoding.Unicode.GetBytes(Line)), e[1]]));
        yield return Row("initrd not measured", "kernel-input-encoding", "did not measure the initrd", Machine.Change(9, e => [e[0]]));
        yield return Row("plain hash", "flat-file-hash", "plain hash", Machine.Change(4, e => [e[0], e[1], Registers.Data(Release.BootFile!.ToArray()), e[3]]));
        ExpectedBoot odd = ExpectedBoot.FromImage("odd", ByteSource.FromMemory((byte[])[.. Release.BootFile!.ToArray(), 1, 2, 3]));
        byte[][] padded = AuthenticodeDigest.Compute(
            PeImage.Read(ByteSource.FromMemory((byte[])[.. odd.BootFile!.ToArray(), 0, 0, 0, 0, 0])), HashAlgorithmName.SHA256, HashAlgorithmName.SHA384);
        yield return new(
            "signed after prediction", "pe-padding", "5 bytes of padding", odd,
            Registers.Of(odd).Change(4, e => [e[0], e[1], bank => padded[bank == Sha256 ? 0 : 1], e[3]]).Values(s_banks));
        yield return Row("placed as on GCP", "other-placement", "PCR 2", Machine.Change(4, e => e.Take(2)).Change(5, e => [e[0], e[2], e[3]]));
        yield return Row("no calling words", "boot-action-missing", "Calling EFI Application", Machine.Change(4, e => e.Skip(1)));
        yield return Row("no separator in PCR 4", "separator-missing", "PCR 4 has no separator", Machine.Change(4, e => [e[0], e[2], e[3]]));
        yield return Row("no separators", "separator-missing", "PCR 4, 5, 7 have no separator", Machine.Change(4, e => [e[0], e[2], e[3]]).Change(5, e => e.Skip(1)).Change(7, e => e.Take(5)));
        yield return Row("separator of ones", "separator-value", "in PCR 7 the separator is ffffffff", Machine.Change(7, e => [.. e.Take(5), Registers.Data([255, 255, 255, 255])]));
        yield return Row("error separator", "separator-value", "the firmware reports an error", Machine.Change(4, e => [e[0], Registers.Data([1, 0, 0, 0]), e[2], e[3]]));
        yield return Row("older release", "known-release", "\"1.4.1\"", Registers.Of(Older));
        yield return Row(
            "refused by the firmware", "not-booted", "each came back",
            Machine.Change(4, e => [e[0], e[1], Registers.Text(Returning)]).Change(5, e => e.Take(1)).Change(9, _ => []).Change(11, _ => []));
        yield return Row("PCR 11 zero", "zero-pcr", "PCR 11 is zero", Machine.Change(11, _ => []));
        yield return Row("all zero", "zero-pcr", "every PCR is zero", new[] { 4, 5, 7, 9, 11 }.Aggregate(Machine, (m, pcr) => m.Change(pcr, _ => [])));
        yield return Row(
            "older release and one attempt", "extra-boot-attempt+known-release", "\"1.4.1\"",
            Registers.Of(Older).Change(4, e => [e[0], e[1], Registers.Text(Returning), Registers.Text(Calling), e[2], e[3]]));
        yield return Row(
            "grown, and a word", "command-line-extra+grown-partition-table", "30 GiB",
            Words("rd.break", $"{Line} rd.break").Change(5, e => [e[0], Registers.Data(Grown(30)), e[2], e[3]]));
        yield return Row(
            "secure boot on and one attempt", "extra-boot-attempt+secure-boot-on", "another boot entry",
            Machine.Change(4, e => [e[0], e[1], Registers.Text(Returning), Registers.Text(Calling), e[2]]).Change(7, e => [unknown, .. e.Skip(1)]));
        yield return Row("system extension and phases", "boot-phases+unnamed-extra", "system extension", Machine.Change(13, _ => [unknown]).Change(9, e => [e[0], unknown]).Change(11, e => [.. e, Registers.Text("sysinit")]));
    }

    private static IEnumerable<Mismatch> OfReading()
    {
        Mismatch Row(string name, string cause, string says, ActualValues values) => new(name, cause, says, Release, values) { Words = s_words, Known = [Older] };
        Registers machine = Machine;
        yield return Row("sha1 as sha256", "other-bank", "called sha256 are those of bank sha1", machine.Values([Sha256], (_, pcr, _) => machine.Value(TpmAlgorithm.Sha1, pcr)));
        yield return Row("sha512 as sha384", "other-bank", "called sha384 are those of bank sha512", machine.Values([Sha384], (_, pcr, _) => machine.Value(TpmAlgorithm.Sha512, pcr)));
        yield return Row("sha384 cut to 32 bytes", "truncated-value", "called sha256 are sha384 values", machine.Values([Sha256], (_, pcr, _) => machine.Value(Sha384, pcr)[..32]));
        yield return Row("sha256 cut to 20 bytes", "truncated-value", "the last are missing", machine.Values([Sha256], (_, _, value) => value[..20]));
        yield return Row("sha256 without its beginning", "truncated-value", "the first are missing", machine.Values([Sha256], (_, _, value) => value[4..]));
        yield return Row("one value cut and filled", "truncated-value", "filled up with zeros", machine.Values([Sha384], (_, _, value) => [.. value[..32], .. new byte[16]], 4));
        yield return Row("4 and 7 exchanged", "swapped-pcrs", "PCR 4 and PCR 7", machine.Values(s_banks, (bank, pcr, value) => pcr is 4 or 7 ? machine.Value(bank, 11 - pcr) : value));
        yield return Row("ones", "all-ones", "PCR 4, 7", machine.Values(s_banks, (_, pcr, value) => pcr is 4 or 7 ? [.. Enumerable.Repeat((byte)255, value.Length)] : value));
        yield return Row(
            "padded sha1 digests", "padded-sha1-digests", "SHA-1",
            new[] { 4, 5, 7, 9, 11 }.Aggregate(Machine, (m, pcr) => m.Change(pcr, e => e.Select(extend => (Func<TpmAlgorithm, byte[]>)(bank =>
                [.. extend(TpmAlgorithm.Sha1), .. new byte[bank.DigestSize() - 20]])))).Values(s_banks));
    }

    /// <summary>The same UKI on other machines: what their TPMs held.</summary>
    private static IEnumerable<Mismatch> OfRealBoots()
    {
        ExpectedBoot off = Captured("01-setup-mode");
        yield return new("real: keys enrolled", "secure-boot-on", "keys that are not known", off, Read("03-secure-boot"));
        yield return new("real: other keys", "secure-boot-on", "keys that are not known", off, Read("12-ca-and-leaf"));
        yield return new("real: two disks, no Secure Boot", "extra-boot-attempt+secure-boot-off", "another boot entry", off, Read("20-two-disks"));
        yield return new("real: options of the boot entry", "command-line-extra+secure-boot-off", "console=ttyS0 evil=1", off, Read("16-loadoptions-nosb")) { Words = ["console=ttyS0 evil=1  a=b"] };
        yield return new("real: sidecars", "unnamed-extra", "addons and system extensions", Captured("04-rich-uki"), Read("05-sidecars"));
    }

    /// <summary>What cannot be told must not be told.</summary>
    private static IEnumerable<Mismatch> Unknowable()
    {
        Func<TpmAlgorithm, byte[]> unknown = Registers.Text("something that nobody knows");
        Mismatch Row(string name, Registers registers) => new(name, "", "", Release, registers.Values(s_banks)) { Words = s_words, Known = [Older] };
        yield return Row("unknown image", Machine.Change(4, _ => [unknown]).Change(9, _ => [unknown]).Change(11, _ => [unknown]));
        yield return Row("unknown keys, Secure Boot off", Machine.Change(7, e => [e[0], unknown, .. e.Skip(2)]));
        yield return Row("unknown partition table", Machine.Change(5, e => [e[0], unknown, e[2], e[3]]));
        yield return Row("unknown initrd only", Machine.Change(9, e => [e[0], unknown]));
        yield return Row("unknown section", Machine.Change(11, e => [.. e.Take(3), unknown, .. e.Skip(4)]));
        yield return Row("PCR 4 only", Machine.Change(4, e => [.. e, unknown]));
    }

    private static byte[] Grown(int gibibytes)
    {
        byte[] gpt = [.. Release.GptEvent!];
        long sectors = ((long)gibibytes << 30) / 512;
        BinaryPrimitives.WriteInt64LittleEndian(gpt.AsSpan(32), sectors - 1);
        BinaryPrimitives.WriteInt64LittleEndian(gpt.AsSpan(48), sectors - 34);
        gpt.AsSpan(16, 4).Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(gpt.AsSpan(16), Crc(gpt.AsSpan(0, 92)));
        return gpt;
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
            }
        }

        return ~crc;
    }

    private static ExpectedBoot Captured(string name) => ExpectedBoot.FromDocument(name, CapturedBoot.Load(name).ToPrediction());

    private static ActualValues Read(string name)
    {
        CapturedBoot boot = CapturedBoot.Load(name);
        Mantle.Measure.EventLogs.PcrList list = new();
        foreach (TpmAlgorithm bank in TpmHash.Computable)
        {
            foreach (int index in (int[])[4, 5, 7, 9, 11, 12, 13])
            {
                list.TryAdd(bank, index, boot.TpmValue(bank, index).Bytes);
            }
        }

        return new(name, list);
    }
}
