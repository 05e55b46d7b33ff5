using Mantle.Emulator.Ec2;
using Mantle.Emulator.Ec2.Ebs;
using Mantle.Emulator.Ec2.Images;
using Mantle.Formats.Efi;
using Mantle.ImageBuilder.Publishing;
using Mantle.Measure;

namespace Mantle.Publish.Tests.Publishing;

public sealed class PublishTests
{
    private static readonly DateTimeOffset s_deprecated = new(2099, 5, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task An_AMI_is_registered_as_a_release_has_to_be()
    {
        await using PublishScenario scenario = await PublishScenario.StartAsync();
        PublishResult result = await scenario.PublishAsync();
        EmulatedImage image = scenario.Image;
        Assert.Equal(("uefi", "v2.0", "v2.0", "x86_64", "hvm", true), (image.BootMode, image.TpmSupport, image.ImdsSupport, image.Architecture, image.VirtualizationType, image.EnaSupport));
        EmulatedDevice device = Assert.Single(image.Devices);
        Assert.Equal(("/dev/xvda", "gp3", true), (device.Name, device.VolumeType, device.DeletesOnTermination));
        Assert.Equal(["db", "KEK", "PK"], UefiData.Read(System.Text.Encoding.ASCII.GetBytes(image.UefiData!)).Select(variable => variable.Name));
        Assert.Equal(scenario.Release.Statement, image.Tags[PublishRelease.ReleaseTag]);
        Assert.Equal(new string('0', 96), image.Tags[PublishRelease.PcrTag + "12"]);
        scenario.AssertStored();
        PublishedImage published = Assert.Single(result.Images);
        Assert.Equal((image.Id, device.Snapshot, PublishCloud.Account), (published.Id, published.Snapshot, published.Account));
        Assert.Equal(published.Id, Assert.Single(AmiDocument.Read(scenario.Directory, scenario.Release.Statement)).Id);
        scenario.AssertReleaseStillHolds();
        Assert.False(File.Exists(Publisher.JournalOf(scenario.Release, PublishCloud.Region)));
    }

    /// <summary>While somebody thinks about the question: in a block with something in it, and all of it as if it were a hole.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_image_that_is_changed_after_it_was_verified_is_not_published(bool becomesHole)
    {
        await using PublishScenario scenario = await PublishScenario.StartAsync();
        scenario.Answer = () =>
        {
            using FileStream image = new(Path.Combine(scenario.Directory, "image.raw"), FileMode.Open);
            if (becomesHole)
            {
                long length = image.Length;
                image.SetLength(0);
                image.SetLength(length);
            }
            else
            {
                image.Position = 512; // the partition table's header
                image.WriteByte(0);
            }

            return true;
        };
        UserErrorException refused = await scenario.FailAsync(ExitCode.Mismatch);
        Assert.Contains("image.raw was changed after it was verified", refused.Message, StringComparison.Ordinal);
        Assert.Empty(scenario.Cloud.Service.Images);
        Assert.All(scenario.Cloud.Service.Snapshots, snapshot => Assert.DoesNotContain(0, snapshot.Blocks));
        Assert.DoesNotContain("CompleteSnapshot", scenario.Cloud.Operations);
    }

    [Fact]
    public async Task A_second_run_makes_no_call_that_changes_anything()
    {
        await using PublishScenario scenario = await PublishScenario.StartAsync();
        (scenario.CopyTo, scenario.ShareWith, scenario.DeprecateAt) = ([PublishCloud.SecondRegion], ["444455556666"], s_deprecated);
        await scenario.PublishAsync();
        int before = scenario.Cloud.Operations.Count(operation => !operation.StartsWith("Describe", StringComparison.Ordinal));
        PublishResult second = await scenario.PublishAsync();
        Assert.Empty(second.Calls);
        Assert.Equal(2, second.Images.Count);
        Assert.Equal(before, scenario.Cloud.Operations.Count(operation => !operation.StartsWith("Describe", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Copies_are_shared_and_deprecated_like_the_first()
    {
        await using PublishScenario scenario = await PublishScenario.StartAsync();
        scenario.Cloud.Service.ReadsUntilSnapshotCompletes = 3;
        scenario.Cloud.Service.ReadsUntilImageIsAvailable = 3;
        scenario.Cloud.Service.CallsUntilImageIsVisible = 2;
        (scenario.CopyTo, scenario.ShareWith, scenario.DeprecateAt) = ([PublishCloud.SecondRegion, PublishCloud.ThirdRegion], ["444455556666", "public"], s_deprecated);
        PublishResult result = await scenario.PublishAsync();
        Assert.Equal([PublishCloud.Region, PublishCloud.SecondRegion, PublishCloud.ThirdRegion], result.Images.Select(image => image.Region));
        Assert.All(scenario.Cloud.Service.Images, image =>
        {
            Assert.Equal(["444455556666", "all"], image.LaunchPermissions);
            Assert.Equal(s_deprecated, image.Deprecated);
            Assert.Equal(scenario.Release.Statement, image.Tags[PublishRelease.ReleaseTag]);
        });
        Assert.All(scenario.Cloud.Service.Snapshots, snapshot => Assert.Equal(scenario.Release.ImageSha256, snapshot.Tags[PublishRelease.ImageTag]));
        scenario.AssertStored();
        Assert.Equal(3, AmiDocument.Read(scenario.Directory, scenario.Release.Statement).Count);
        scenario.AssertReleaseStillHolds();
    }

    [Theory]
    [InlineData("variables")]
    [InlineData("tpm")]
    [InlineData("imds")]
    [InlineData("devices")]
    public async Task A_copy_that_came_out_otherwise_is_named_and_not_shared(string check)
    {
        await using PublishScenario scenario = await PublishScenario.StartAsync();
        (scenario.CopyTo, scenario.ShareWith) = ([PublishCloud.SecondRegion], ["444455556666"]);
        scenario.Cloud.Service.OnCopied = copy =>
        {
            switch (check)
            {
                case "variables": copy.UefiData = null; break;
                case "tpm": copy.TpmSupport = null; break;
                case "imds": copy.ImdsSupport = null; break;
                default: copy.Devices.Add(new("/dev/sdb", null, 8, "gp3", true)); break;
            }
        };
        UserErrorException e = await scenario.FailAsync(ExitCode.Mismatch);
        Assert.Contains($"EC2 has made it otherwise than the release: {check}: ", e.Message, StringComparison.Ordinal);
        Assert.Empty(scenario.Cloud.Service.Images.Single(image => image.Region == PublishCloud.SecondRegion).LaunchPermissions);
    }

    [Fact]
    public async Task A_snapshot_that_claims_to_be_the_image_is_read_before_it_is_registered()
    {
        await using PublishScenario scenario = await PublishScenario.PublishedAsync();
        EmulatedSnapshot snapshot = Assert.Single(scenario.Cloud.Service.Snapshots);
        using (ImageBuilder.Publishing.Images.ImageService images = scenario.Cloud.Images())
        {
            await images.DeregisterAsync(scenario.Image.Id, CancellationToken.None);
        }

        byte[] block = snapshot.Read(0)!;
        block[700] ^= 1;
        snapshot.Put(0, block);
        UserErrorException e = await scenario.FailAsync(ExitCode.Mismatch);
        Assert.Contains($"{snapshot.Id} claims to be this image and differs from it in block 0 at 0", e.Message, StringComparison.Ordinal);
        Assert.Empty(scenario.Cloud.Service.Images);
        block[700] ^= 1;
        snapshot.Put(0, block);
        byte[] more = new byte[524_288];
        more[7] = 1;
        snapshot.Put(1999, more);
        e = await scenario.FailAsync(ExitCode.Mismatch);
        Assert.Contains("has something behind it, in block 1999", e.Message, StringComparison.Ordinal);
        snapshot.Remove(1999);
        await scenario.PublishAsync();
        Assert.Equal(snapshot.Id, scenario.Image.Devices[0].Snapshot);
    }

    [Fact]
    public async Task A_dry_run_lists_every_call_and_makes_none_that_changes_anything()
    {
        await using PublishScenario scenario = await PublishScenario.StartAsync();
        (scenario.CopyTo, scenario.ShareWith, scenario.DeprecateAt) = ([PublishCloud.SecondRegion], ["444455556666"], s_deprecated);
        PublishResult result = await scenario.PublishAsync(isDryRun: true);
        Assert.False(result.IsDone);
        Assert.Equal(
            ["StartSnapshot,", "PutSnapshotBlock,", "CompleteSnapshot", "RegisterImage", "CopyImage", "ModifyImageAttribute,", "EnableImageDeprecation", "ModifyImageAttribute,", "EnableImageDeprecation"],
            result.Calls.Select(call => call.Split(": ")[1].Split(' ') is [_, "×", { } put, ..] ? put : call.Split(": ")[1].Split(' ')[0]));
        Assert.All(scenario.Cloud.Operations, operation => Assert.StartsWith("Describe", operation, StringComparison.Ordinal));
        Assert.False(File.Exists(Path.Combine(scenario.Directory, "ami.json")));
    }

    [Fact]
    public async Task A_no_changes_nothing()
    {
        await using PublishScenario scenario = await PublishScenario.StartAsync();
        scenario.Answer = () => false;
        Assert.False((await scenario.PublishAsync()).IsDone);
        Assert.Empty(scenario.Cloud.Service.Snapshots);
    }

    [Theory]
    [InlineData("RegisterImage", "UnauthorizedOperation", 403, "snap-")]
    [InlineData("RegisterImage", "RequestExpired", 400, "snap-")]
    [InlineData("CopyImage", "ResourceLimitExceeded", 400, "ami-")]
    [InlineData("ModifyImageAttribute", "OperationNotPermitted", 400, "ami-")]
    [InlineData("EnableImageDeprecation", "UnauthorizedOperation", 403, "ami-")]
    [InlineData("CompleteSnapshot", "ExpiredTokenException", 403, "snap-")]
    public async Task A_failure_half_way_says_what_exists_and_the_next_run_goes_on(string operation, string code, int status, string exists)
    {
        await using PublishScenario scenario = await PublishScenario.StartAsync();
        (scenario.CopyTo, scenario.ShareWith, scenario.DeprecateAt) = ([PublishCloud.SecondRegion], ["444455556666"], s_deprecated);
        scenario.Cloud.Faults.Add(Ec2Fault.Fails(operation, code, "not now", status));
        UserErrorException e = await scenario.FailAsync();
        Assert.Contains($"; there is: {exists}", e.Message, StringComparison.Ordinal);
        Assert.Contains("not done: ", e.Message, StringComparison.Ordinal);
        Assert.Contains("run the same command again", e.Hint, StringComparison.Ordinal);
        int puts = scenario.Cloud.Count("PutSnapshotBlock");
        Assert.True((await scenario.PublishAsync()).IsDone);
        Assert.Equal(puts, scenario.Cloud.Count("PutSnapshotBlock"));
        Assert.Equal(2, scenario.Cloud.Service.Images.Count);
        Assert.All(scenario.Cloud.Service.Images, image => Assert.Equal(["444455556666"], image.LaunchPermissions));
        scenario.AssertStored();
    }

    [Theory]
    [InlineData("RegisterImage")]
    [InlineData("CopyImage")]
    public async Task A_lost_answer_makes_no_second_AMI(string operation)
    {
        await using PublishScenario scenario = await PublishScenario.StartAsync();
        scenario.CopyTo = [PublishCloud.SecondRegion];
        scenario.Cloud.Faults.Add(new() { Operation = operation, CutsAfter = true });
        Assert.True((await scenario.PublishAsync()).IsDone);
        Assert.Equal(2, scenario.Cloud.Service.Images.Count);
    }

    [Fact]
    public async Task Throttled_calls_of_EC2_are_made_again()
    {
        await using PublishScenario scenario = await PublishScenario.StartAsync();
        scenario.Cloud.Faults.Add(Ec2Fault.Fails("DescribeImages", "RequestLimitExceeded", "Request limit exceeded.", 503, times: 3));
        scenario.Cloud.Faults.Add(Ec2Fault.Fails("RegisterImage", "Unavailable", "", 503, times: 2));
        Assert.True((await scenario.PublishAsync()).IsDone);
    }

    [Fact]
    public async Task An_AMI_of_the_release_s_name_that_is_another_is_refused()
    {
        await using PublishScenario scenario = await PublishScenario.PublishedAsync();
        scenario.Image.UefiData = null;
        UserErrorException e = await scenario.FailAsync(ExitCode.Mismatch);
        Assert.Contains("variables: there are none", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_interrupted_run_says_what_exists()
    {
        await using PublishScenario scenario = await PublishScenario.StartAsync();
        using CancellationTokenSource stop = new();
        scenario.Cloud.Faults.Add(new() { Operation = "RegisterImage", Before = stop.Cancel, Delay = TimeSpan.Zero });
        UserErrorException e = await Assert.ThrowsAsync<UserErrorException>(() => scenario.PublishAsync(cancellation: stop.Token));
        Assert.Equal(ExitCode.Interrupted, e.Code);
        Assert.Contains("there is: snap-", e.Message, StringComparison.Ordinal);
        Assert.True((await scenario.PublishAsync()).IsDone);
        Assert.Single(scenario.Cloud.Service.Images);
    }

    [Fact]
    public void A_document_with_something_else_in_it_is_malformed()
    {
        foreach (string text in (string[])["", "null", "{}", "{\"version\":2}", """{"version":1,"name":"a","release":"1","statement":"s","image":"i","amis":[null]}""", """{"version":1,"name":"a","release":"1","statement":"s","image":"i","amis":[{"region":"us-east-1","id":"../ami","snapshot":"snap-1","account":"111122223333","sharedWith":[]}]}"""])
        {
            Assert.Throws<Formats.Bytes.MalformedInputException>(() => AmiDocument.Read(System.Text.Encoding.UTF8.GetBytes(text)));
        }
    }
}
