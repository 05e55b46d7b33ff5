using Mantle.Formats.Bytes;
using Mantle.Formats.Cose;
using Mantle.Formats.Tpm;
using Mantle.Measure.EventLogs;
using Mantle.Measure.Explain;
using Mantle.Measure.Prediction;

namespace Mantle.Boot.Tests.Matrix;

/// <summary>
/// Boots that are not the expected one, which is always the boot file with its own key and nothing beside it: "measure explain" names the true cause from
/// the TPM's values alone, and from the log the first event that differs.
/// </summary>
[Collection(BootMatrixGroup.Name)]
public class ExplainedBootTests(BootMatrix boots)
{
    [Theory]
    [InlineData(Scenarios.SmbiosWords, "command-line-extra", "an SMBIOS string added the words \"mantle.test=words\" to the command line")]
    [InlineData(Scenarios.SwitchedOff, "secure-boot-off", "Secure Boot was switched off, though the machine has the expected keys")]
    [InlineData(Scenarios.OtherKeys, "other-keys", "the Secure Boot variables PK, KEK, db, dbx are those of \"known\"")]
    [InlineData(Scenarios.PlantedFiles, "given-extra", "credential \"b.cred\" lay beside the boot file, and system extension \"s1.raw\" lay beside the boot file")]
    [InlineData(Scenarios.DiskFirst, "extra-boot-attempt grown-partition-table", "")]
    [InlineData(Scenarios.Refusals, "extra-boot-attempt", "the firmware tried 6 other boot entries in vain")]
    public async Task The_cause_is_named_from_values_alone_and_from_an_attestation_document(string name, string causes, string sentence)
    {
        BootRecord boot = await boots.Get(name);
        BootRecord plain = await boots.Get(Scenarios.OwnKey);
        ExpectedBoot expected = Expected(plain, boot);
        ExpectedBoot[] known = name == Scenarios.OtherKeys ? [ExpectedBoot.FromDocument("known", boot.Prediction)] : [];
        BootExtras suspects = new()
        {
            Credentials = [Suspect("c1.cred", "creds/c1.cred"), Suspect("b.cred", "creds/b.cred")],
            SystemExtensions = [Suspect("s1.raw", "sysext/s1.raw")],
        };

        foreach (ActualValues actual in new[] { new("values", PcrList.From(boot.Pcrs)), ActualValues.FromDocument("document", Document(boot)) })
        {
            Explanation explanation = Explainer.Explain(expected, actual, known, ["debug", Scenarios.Words], suspects);

            Assert.Equal(causes, string.Join(' ', explanation.Causes.Select(cause => cause.Id).Order(StringComparer.Ordinal)));
            Assert.Empty(explanation.Alternatives);
            Assert.Empty(explanation.Unexplained);
            Assert.Contains(sentence, explanation.Causes[0].Sentence, StringComparison.Ordinal);
            Assert.All(explanation.Causes, cause => Assert.Empty(cause.Moved));
        }
    }

    [Theory]
    [InlineData(Scenarios.SmbiosWords, 9, LogDifferenceKind.Changed, "EV_EVENT_TAG")]
    [InlineData(Scenarios.SmbiosWords, 12, LogDifferenceKind.Extra, null)]
    [InlineData(Scenarios.PlantedFiles, 13, LogDifferenceKind.Extra, null)]
    [InlineData(Scenarios.SwitchedOff, 7, LogDifferenceKind.Changed, "EV_EFI_VARIABLE_DRIVER_CONFIG: variable SecureBoot = 01")]
    [InlineData(Scenarios.SwitchedOff, 4, LogDifferenceKind.Extra, null)]
    [InlineData(Scenarios.OtherKeys, 7, LogDifferenceKind.Changed, "EV_EFI_VARIABLE_DRIVER_CONFIG: variable db, ")]
    [InlineData(Scenarios.DiskFirst, 4, LogDifferenceKind.Extra, null)]
    [InlineData(Scenarios.DiskFirst, 5, LogDifferenceKind.Changed, "EV_EFI_GPT_EVENT")]
    public async Task The_log_shows_the_first_event_that_differs(string name, int register, LogDifferenceKind kind, string? wanted)
    {
        BootRecord boot = await boots.Get(name);
        LogReplay replay = LogReplay.Of(new() { Log = boot.Log, Encoding = LogEncoding.CryptoAgile, Findings = [] });
        Explanation explanation = Explainer.Explain(Expected(await boots.Get(Scenarios.OwnKey), boot), ActualValues.FromLog("log", replay));

        LogDifference difference = Assert.Single(explanation.EventDifferences, difference => difference.Pcr == register);
        Assert.Equal(kind, difference.Kind);
        Assert.StartsWith(wanted ?? "", difference.Expected ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_planted_file_that_is_no_suspect_is_still_called_by_its_kind()
    {
        BootRecord boot = await boots.Get(Scenarios.PlantedFiles);
        Explanation explanation = Explainer.Explain(Expected(await boots.Get(Scenarios.OwnKey), boot), new("values", PcrList.From(boot.Pcrs)));

        Assert.Equal("unnamed-extra", Assert.Single(explanation.Causes).Id);
        Assert.Contains("system extension", explanation.Causes[0].Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unsigned_addon_is_named_where_secure_boot_is_off()
    {
        BootRecord boot = await boots.Get(Scenarios.Addon);
        BootRecord plain = await boots.Get(Scenarios.OwnKey);

        // The same boot file without a signature and without keys, on a disk without the addon.
        string disk = Path.ChangeExtension(boot.Disk, ".plain.raw");
        MatrixFiles.WriteDisk(disk, boot.Scenario.BootFile, new Dictionary<string, byte[]>());
        ExpectedBoot expected = ExpectedBoot.FromImage("release", ByteSource.OpenFile(disk));
        BootExtras suspects = new() { Addons = [new("l1.addon.efi", ByteSource.FromMemory(MatrixFiles.Addon))] };
        Explanation explanation = Explainer.Explain(expected, new("values", PcrList.From(boot.Pcrs)), extras: suspects);

        Assert.Equal("addon \"l1.addon.efi\" lay beside the boot file: the stub took and measured it", Assert.Single(explanation.Causes).Sentence);
        Assert.Equal([4, 9, 12], explanation.Causes[0].Exact.Select(observed => observed.Index).Distinct());
        Assert.NotEqual(plain.Pcrs[TpmAlgorithm.Sha256, 4], boot.Pcrs[TpmAlgorithm.Sha256, 4]);
    }

    [Fact]
    public async Task Words_of_a_boot_entry_are_named_where_secure_boot_is_off()
    {
        BootRecord boot = await boots.Get(Scenarios.EntryWords);
        ExpectedBoot expected = ExpectedBoot.FromImage("release", ByteSource.OpenFile(boot.Disk));
        Explanation explanation = Explainer.Explain(expected, new("values", PcrList.From(boot.Pcrs)), words: ["debug", Scenarios.OtherCommandLine]);

        Cause cause = Assert.Single(explanation.Causes);
        Assert.Equal("command-line-extra", cause.Id);
        Assert.Contains("boot entry", cause.Sentence, StringComparison.Ordinal);
        Assert.Contains(Scenarios.OtherCommandLine, cause.Sentence, StringComparison.Ordinal);
        Assert.Equal([9, 12], cause.Exact.Select(observed => observed.Index).Distinct());
    }

    /// <summary>The boot with the own key; of the machine with other variables, what it would have been without the six before it.</summary>
    private static ExpectedBoot Expected(BootRecord plain, BootRecord boot) => (boot.Scenario.TriedFirst.Count > 1 ? boot : plain).Release;

    private static CompanionFile Suspect(string name, string captured) => new(name, ByteSource.FromMemory(MatrixFiles.Captured(captured)));

    /// <summary>What a NitroTPM would say of these registers.</summary>
    private static AttestationDocument Document(BootRecord boot) => new()
    {
        Kind = AttestationKind.NitroTpm,
        ModuleId = "i-0123456789abcdef0-tpm0000000000000000",
        TimestampMilliseconds = 1,
        Pcrs = Enumerable.Range(0, 24).ToDictionary(i => i, i => (ReadOnlyMemory<byte>)boot.Pcrs[TpmAlgorithm.Sha384, i].Bytes.ToArray()),
        Certificate = new byte[] { 0 },
        CaBundle = [],
    };
}
