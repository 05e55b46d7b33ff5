using System.Text.Json;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;
using Mantle.Testing;

namespace Mantle.Image.Tests.Foreign;

/// <summary>systemd-pcrlock of trixie beside our prediction. Where the two differ, docs/measurements.md says why and who is right.</summary>
public class PcrlockTests(FinishedImage image, TrixieTools trixie)
{
    [Fact]
    public async Task Lock_uki_has_the_events_of_pcr_11_and_of_pcr_4_all_but_the_inner_kernel()
    {
        IReadOnlyList<Record> theirs = await LockAsync("lock-uki", FinishedImage.Uki);

        Assert.Equal([4, 11], theirs.Select(record => record.Pcr).Distinct());
        Assert.Equal(Ours(11), theirs.Where(record => record.Pcr == 11).Select(record => record.Digests));

        // The firmware's own words and separator are other components' affair; the inner kernel, which stub 257 has measured, is forgotten.
        string[] ours = [.. Ours(4)];
        Assert.Equal(4, ours.Length);
        Assert.Equal([ours[2]], theirs.Where(record => record.Pcr == 4).Select(record => record.Digests));
    }

    [Fact]
    public async Task Lock_pe_of_boot_file_and_kernel_has_the_images_of_pcr_4()
    {
        string[] theirs =
        [
            Assert.Single(await LockAsync("lock-pe", "--pcr=4", FinishedImage.Uki)).Digests,
            Assert.Single(await LockAsync("lock-pe", "--pcr=4", image.Sections[".linux"])).Digests,
        ];

        Assert.Equal(Ours(4).Skip(2), theirs);
    }

    [Fact]
    public async Task Lock_kernel_cmdline_has_the_first_event_of_pcr_9()
    {
        Record theirs = Assert.Single(await LockAsync("lock-kernel-cmdline", image.Sections[".cmdline"]));
        Assert.Equal((9, Ours(9).First()), (theirs.Pcr, theirs.Digests));
    }

    [Theory]
    [InlineData("a=b\n", "a=b")]
    [InlineData("a\tb", "a\tb")] // the stub makes it a space
    public async Task Lock_kernel_cmdline_trims_the_end_and_tidies_nothing_within(string file, string hashed)
    {
        using TemporaryFolder folder = new();
        await File.WriteAllTextAsync(folder["cmdline"], file, TestContext.Current.CancellationToken);
        Record theirs = Assert.Single(await LockAsync("lock-kernel-cmdline", folder["cmdline"]));
        Assert.Equal(Text(bank => bank.HashData(System.Text.Encoding.Unicode.GetBytes(hashed + "\0"))), theirs.Digests);
    }

    [Fact]
    public async Task Lock_kernel_initrd_hashes_the_section_and_not_what_the_stub_hands_over()
    {
        Record theirs = Assert.Single(await LockAsync("lock-kernel-initrd", image.Sections[".initrd"]));

        Assert.Equal((9, Text(bank => bank.HashData(File.ReadAllBytes(image.Sections[".initrd"])))), (theirs.Pcr, theirs.Digests));
        Assert.NotEqual(Ours(9).Last(), theirs.Digests);
    }

    [Theory]
    [InlineData("03-secure-boot")]
    [InlineData("05-sidecars")]
    public async Task It_reads_the_same_events_out_of_a_real_log(string name)
    {
        string path = Repository.PathOf("tests", "vectors", "own-qemu", name, "eventlog.bin");
        EventLog ours = EventLog.Read(File.ReadAllBytes(path));
        JsonElement theirs = JsonDocument.Parse(await trixie.PcrlockAsync(path, "cel", "--json=short")).RootElement;

        Assert.Equal(
            ours.Events.Where(x => x.IsExtended).Select(x => $"{x.Register} {Text(bank => x.Digest(bank))}"),
            theirs.EnumerateArray().Where(x => x.GetProperty("content").GetProperty("event_type").GetString() != "EV_NO_ACTION").Select(x => Record.Read(x).ToString()));
    }

    private static string Text(Func<TpmAlgorithm, TpmDigest> digest) => string.Join(' ', TpmHash.Computable.Select(bank => $"{bank.Name()}:{digest(bank)}").Order(StringComparer.Ordinal));

    private IEnumerable<string> Ours(int pcr) => image.Events(pcr).Select(e => Record.Join(e.GetProperty("digests").EnumerateObject().Select(x => $"{x.Name}:{x.Value.GetString()}")));

    private async Task<IReadOnlyList<Record>> LockAsync(string verb, params IEnumerable<string> arguments)
    {
        using TemporaryFolder folder = new();
        await trixie.PcrlockAsync(null, [verb, $"--pcrlock={folder["out"]}", .. arguments]);
        using JsonDocument written = JsonDocument.Parse(await File.ReadAllBytesAsync(folder["out"], TestContext.Current.CancellationToken));
        return [.. written.RootElement.GetProperty("records").EnumerateArray().Select(Record.Read)];
    }

    private sealed record Record(int Pcr, string Digests)
    {
        public static Record Read(JsonElement record) => new(
            record.GetProperty("pcr").GetInt32(),
            Join(record.GetProperty("digests").EnumerateArray().Select(x => $"{x.GetProperty("hashAlg").GetString()}:{x.GetProperty("digest").GetString()}")));

        public static string Join(IEnumerable<string> digests) => string.Join(' ', digests.Order(StringComparer.Ordinal));

        public override string ToString() => $"{Pcr} {Digests}";
    }
}
