using Mantle.Emulator.Ec2;
using Mantle.Emulator.Ec2.Ebs;
using Mantle.Formats.Efi;
using Mantle.Formats.Gpt;
using Mantle.ImageBuilder.Publishing;
using Mantle.ImageBuilder.Publishing.Verification;
using Mantle.Measure;
using Mantle.Measure.Checking;
using Mantle.Measure.Release;
using Mantle.Publish.Tests.Publishing;

namespace Mantle.Publish.Tests.Verification;

public sealed class AmiVerifyTests
{
    private const int Block = 524_288;

    [Fact]
    public async Task A_published_AMI_is_the_release_in_every_region()
    {
        await using PublishScenario scenario = await PublishScenario.PublishedAsync(PublishCloud.SecondRegion);
        scenario.Cloud.Service.PageSize = 3;
        foreach (PublishedImage image in AmiDocument.Read(scenario.Directory, scenario.Release.Statement))
        {
            AmiVerifyResult result = await VerifyAsync(scenario, image.Id, image.Region);
            AssertHolds(result);
            Assert.Equal($"SHA-256 {scenario.Release.ImageSha256}", result.Report.Find("digest")!.Evidence);
            Assert.Null(scenario.Release.WithSecureBoot.Difference(ReleaseMeasurements.Of(result.Predictions[0])));
            Assert.Null(scenario.Release.WithoutSecureBoot.Difference(ReleaseMeasurements.Of(result.Predictions[1])));
        }
    }

    [Fact]
    public async Task A_snapshot_alone_is_compared_as_well()
    {
        await using PublishScenario scenario = await PublishScenario.PublishedAsync();
        AssertHolds(await VerifyAsync(scenario, scenario.Image.Devices[0].Snapshot!));
    }

    [Fact]
    public async Task A_sample_reads_what_is_measured_and_says_what_it_left_out()
    {
        await using PublishScenario scenario = await PublishScenario.PublishedAsync();
        AmiVerifyResult result = await VerifyAsync(scenario, scenario.Image.Id, sample: 2);
        AssertHolds(result);
        Assert.Equal(CheckOutcome.NotChecked, result.Report.Find("digest")!.Outcome);
        Assert.Contains(result.Report.Notes, note => note.StartsWith("SAMPLED, not read whole: 2 of ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_tampered_block_is_named_with_its_partition()
    {
        await using PublishScenario scenario = await PublishScenario.PublishedAsync();
        GptPartition root = GptReader.Read(scenario.Release.Image).Partitions[1];
        int index = (int)(root.Offset / Block);
        byte[] block = SnapshotOf(scenario).Read(index)!;
        block[root.Offset % Block] ^= 1;
        SnapshotOf(scenario).Put(index, block);
        AmiVerifyResult result = await VerifyAsync(scenario, scenario.Image.Id);
        AssertFails(result, "blocks", $"block {index} at ");
        Assert.Contains("partition 2", result.Report.Find("blocks")!.Evidence, StringComparison.Ordinal);
        Assert.Equal(CheckOutcome.Fail, result.Report.Find("digest")!.Outcome);
    }

    [Fact]
    public async Task A_tampered_boot_file_changes_the_measurements()
    {
        await using PublishScenario scenario = await PublishScenario.PublishedAsync();
        byte[] disk = scenario.Release.Image.ToArray();
        int at = disk.AsSpan().IndexOf("roothash="u8);
        byte[] block = SnapshotOf(scenario).Read(at / Block)!;
        block[(at % Block) + 9] ^= 1;
        SnapshotOf(scenario).Put(at / Block, block);
        AmiVerifyResult result = await VerifyAsync(scenario, scenario.Image.Id, sample: 2);
        Assert.Equal(CheckOutcome.Fail, result.Report.Find("measurements.off")!.Outcome);
        Assert.Equal(Verdict.DoesNotHold, result.Report.Verdict);
    }

    [Fact]
    public async Task A_block_that_is_gone_and_one_that_is_too_many_are_named()
    {
        await using PublishScenario scenario = await PublishScenario.PublishedAsync();
        SnapshotOf(scenario).Remove(0);
        byte[] more = new byte[Block];
        more[7] = 1;
        SnapshotOf(scenario).Put(1999, more);
        AmiVerifyResult result = await VerifyAsync(scenario, scenario.Image.Id);
        AssertFails(result, "blocks", "block 0 at 0 (");
        AssertFails(result, "behind-image", "block 1999 has something in it");
    }

    [Fact]
    public async Task Swapped_variables_are_named()
    {
        await using PublishScenario scenario = await PublishScenario.PublishedAsync();
        EfiVariable[] variables = [.. scenario.Release.UefiVariables];
        EfiVariable other = variables[0] with { Content = variables[^1].Content };
        scenario.Image.UefiData = UefiData.Write([other, .. variables[1..], new(EfiGuids.GlobalVariable, "Boot0001", EfiVariableAttributes.NonVolatile, new byte[] { 1 })]);
        AssertFails(await VerifyAsync(scenario, scenario.Image.Id), "variables", "db is not the identity's, Boot0001 is there besides");
        scenario.Image.UefiData = null;
        AssertFails(await VerifyAsync(scenario, scenario.Image.Id), "variables", "Secure Boot is off");
        scenario.Image.UefiData = "QU1aTlVFRkk=";
        AssertFails(await VerifyAsync(scenario, scenario.Image.Id), "variables", "uefi");
    }

    [Fact]
    public async Task An_added_volume_is_named()
    {
        await using PublishScenario scenario = await PublishScenario.PublishedAsync();
        scenario.Image.Devices.Add(new("/dev/sdb", "snap-0abc", 8, "gp3", true));
        AssertFails(await VerifyAsync(scenario, scenario.Image.Id), "devices", "there is a volume /dev/sdb besides, of snap-0abc");
        scenario.Image.Devices[1] = scenario.Image.Devices[0] with { Snapshot = "snap-0abc" };
        AssertFails(await VerifyAsync(scenario, scenario.Image.Id), "devices", "/dev/xvda is there more than once");
        scenario.Image.Devices.RemoveAt(1);
        scenario.Image.Devices[0] = scenario.Image.Devices[0] with { Size = scenario.Image.Devices[0].Size + 8 };
        AssertFails(await VerifyAsync(scenario, scenario.Image.Id), "volume-size", "of a snapshot of");
    }

    [Fact]
    public async Task Another_way_of_being_registered_is_named()
    {
        await using PublishScenario scenario = await PublishScenario.PublishedAsync();
        (scenario.Image.BootMode, scenario.Image.TpmSupport, scenario.Image.ImdsSupport, scenario.Image.EnaSupport) = ("uefi-preferred", null, null, false);
        scenario.Image.Tags["mantle:release"] = new('0', 64);
        scenario.Image.LaunchPermissions.Add("all");
        AmiVerifyResult result = await VerifyAsync(scenario, scenario.Image.Id, sharedWith: []);
        AssertFails(result, "boot-mode", "uefi-preferred, not uefi");
        AssertFails(result, "tpm", "none, not v2.0");
        AssertFails(result, "imds", "none, not v2.0");
        AssertFails(result, "ena", "not switched on");
        AssertFails(result, "tags", "mantle:release");
        AssertFails(result, "launch-permission", "public, not its owner alone");
    }

    [Fact]
    public async Task Blocks_that_are_garbled_or_cut_on_the_way_are_read_again()
    {
        await using PublishScenario scenario = await PublishScenario.PublishedAsync();
        scenario.Cloud.Faults.Add(new() { Operation = "GetSnapshotBlock", Garbles = true, Times = 2 });
        scenario.Cloud.Faults.Add(new() { Operation = "GetSnapshotBlock", CutsAnswer = true, Times = 2 });
        scenario.Cloud.Faults.Add(Ec2Fault.Fails("GetSnapshotBlock", "RequestThrottledException", "", 400, times: 3));
        scenario.Cloud.Faults.Add(Ec2Fault.Fails("ListSnapshotBlocks", "InternalServerException", "", 500, times: 2));
        AssertHolds(await VerifyAsync(scenario, scenario.Image.Id));
    }

    [Fact]
    public async Task Without_access_to_the_bytes_there_is_no_verdict()
    {
        Ec2Caller visitor = new("444455556666");
        await using PublishScenario scenario = await PublishScenario.PublishedAsync();
        scenario.Cloud.Caller.Denied.Add("ListSnapshotBlocks");
        AmiVerifyResult result = await VerifyAsync(scenario, scenario.Image.Id);
        Assert.Equal(Verdict.Unverified, result.Report.Verdict);
        Assert.Equal(CheckOutcome.NotChecked, result.Report.Find("blocks")!.Outcome);
    }

    [Fact]
    public async Task An_AMI_that_is_not_there_is_an_error()
    {
        await using PublishScenario scenario = await PublishScenario.PublishedAsync();
        UserErrorException e = await Assert.ThrowsAsync<UserErrorException>(() => VerifyAsync(scenario, scenario.Image.Id, PublishCloud.SecondRegion));
        Assert.Equal(ExitCode.Remote, e.Code);
    }

    [Fact]
    public async Task Of_an_AMI_alone_the_measurements_are_those_of_the_release()
    {
        await using PublishScenario scenario = await PublishScenario.PublishedAsync();
        AmiVerifyResult result = await VerifyAsync(scenario, scenario.Image.Id, isAlone: true);
        AssertHolds(result);
        foreach ((Formats.Tpm.TpmAlgorithm bank, IReadOnlyDictionary<int, Formats.Tpm.TpmDigest> values) in scenario.Release.WithSecureBoot.Banks)
        {
            Assert.Equal(values, ReleaseMeasurements.Of(result.Predictions[0]).Banks[bank]);
        }
    }

    private static EmulatedSnapshot SnapshotOf(PublishScenario scenario) => scenario.Cloud.Service.Snapshots.Single(snapshot => snapshot.Id == scenario.Image.Devices[0].Snapshot);

    private static async Task<AmiVerifyResult> VerifyAsync(
        PublishScenario scenario, string id, string region = PublishCloud.Region, int? sample = null, IReadOnlyList<string>? sharedWith = null, bool isAlone = false)
    {
        using AmiVerifier verifier = new(
            new() { Id = id, Region = region, Release = isAlone ? null : scenario.Release, Sample = sample, SharedWith = sharedWith, Time = TimeProvider.System },
            scenario.Cloud.Images(region),
            scenario.Cloud.Blocks(region),
            scenario.Cloud.Retries);
        return await verifier.RunAsync(CancellationToken.None);
    }

    private static void AssertHolds(AmiVerifyResult result) => Assert.True(
        result.Report.Verdict == Verdict.Holds, string.Join("\n", result.Report.Checks.Where(check => check.Outcome != CheckOutcome.Pass).Select(check => $"{check.Id}: {check.Evidence}")));

    private static void AssertFails(AmiVerifyResult result, string check, string evidence)
    {
        CheckResult found = result.Report.Find(check)!;
        Assert.Equal(CheckOutcome.Fail, found.Outcome);
        Assert.Contains(evidence, found.Evidence, StringComparison.Ordinal);
        Assert.Equal(Verdict.DoesNotHold, result.Report.Verdict);
    }
}
