using Mantle.Emulator.Ec2;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Aws;
using Mantle.ImageBuilder.Publishing.Upload;
using Mantle.Measure;

namespace Mantle.Publish.Tests.Upload;

public sealed class UploadTests
{
    [Fact]
    public async Task What_is_stored_is_the_image_byte_for_byte_and_zeros_are_not_sent()
    {
        await using UploadScenario scenario = await UploadScenario.StartAsync();
        List<UploadProgress> heard = [];
        UploadResult result = await scenario.UploadAsync(new Recorder(heard));
        scenario.AssertStored();
        Assert.Equal((10, 10), (result.Blocks, result.SentBlocks));
        Assert.Equal(scenario.Digest, scenario.Snapshot.Tags["mantle:image"]);
        Assert.Equal(new FileInfo(scenario.Path).Length, heard.Max(progress => progress.Done));
        Assert.Empty(scenario.Cloud.Waits);
    }

    [Fact]
    public async Task A_second_run_finds_the_snapshot_and_sends_nothing()
    {
        await using UploadScenario scenario = await UploadScenario.StartAsync();
        string first = (await scenario.UploadAsync()).Snapshot;
        UploadResult second = await scenario.UploadAsync();
        Assert.Equal((first, 10, 0), (second.Snapshot, second.Blocks, second.SentBlocks));
        scenario.AssertStored();
    }

    [Fact]
    public async Task Without_its_journal_a_second_run_finds_the_snapshot_by_the_client_token()
    {
        await using UploadScenario scenario = await UploadScenario.StartAsync();
        await scenario.UploadAsync();
        File.Delete(scenario.Journal);
        Assert.Equal(0, (await scenario.UploadAsync()).SentBlocks);
        scenario.AssertStored();
    }

    [Theory]
    [InlineData("ThrottlingException", 400)]
    [InlineData("RequestThrottledException", 400)]
    [InlineData("InternalServerException", 500)]
    [InlineData("", 503)]
    public async Task Blocks_that_are_refused_for_a_while_are_sent_again(string name, int status)
    {
        await using UploadScenario scenario = await UploadScenario.StartAsync();
        scenario.Cloud.Faults.Add(Ec2Fault.Fails("PutSnapshotBlock", name, "later", status, times: 5));
        await scenario.UploadAsync();
        scenario.AssertStored();
        Assert.Equal(5, scenario.Cloud.Waits.Count);
    }

    [Fact]
    public async Task Throttling_by_what_is_under_way_lowers_what_is_under_way_until_it_fits()
    {
        await using UploadScenario scenario = await UploadScenario.StartAsync();
        scenario.Cloud.Service.MaximumPutsAtOnce = 1;
        scenario.Parallel = 8;
        await scenario.UploadAsync();
        scenario.AssertStored();
    }

    [Fact]
    public async Task A_snapshot_that_is_not_visible_yet_is_waited_for()
    {
        await using UploadScenario scenario = await UploadScenario.StartAsync();
        scenario.Cloud.Service.CallsUntilSnapshotIsVisible = 6;
        await scenario.UploadAsync();
        scenario.AssertStored();
    }

    [Fact]
    public async Task A_connection_that_is_cut_in_a_body_is_followed_by_the_same_block()
    {
        await using UploadScenario scenario = await UploadScenario.StartAsync();
        scenario.Cloud.Faults.Add(new() { Operation = "PutSnapshotBlock", CutsRequest = true, Skip = 2, Times = 3 });
        await scenario.UploadAsync();
        scenario.AssertStored();
    }

    [Fact]
    public async Task A_lost_answer_is_followed_by_the_same_block_which_changes_nothing()
    {
        await using UploadScenario scenario = await UploadScenario.StartAsync();
        scenario.Cloud.Faults.Add(new() { Operation = "PutSnapshotBlock", CutsAfter = true, Skip = 1 });
        scenario.Cloud.Faults.Add(new() { Operation = "CompleteSnapshot", CutsAfter = true });
        scenario.Cloud.Faults.Add(new() { Operation = "StartSnapshot", CutsAfter = true });
        await scenario.UploadAsync();
        scenario.AssertStored(sentOnce: false);
    }

    [Fact]
    public async Task A_client_token_that_somebody_has_used_is_left_for_the_next()
    {
        await using UploadScenario scenario = await UploadScenario.StartAsync();
        scenario.Cloud.Faults.Add(Ec2Fault.Fails("StartSnapshot", "ConflictException", "used", 503));
        await scenario.UploadAsync();
        scenario.AssertStored();
    }

    [Theory]
    [InlineData("StartSnapshot", "ValidationException", 400, CloudFailure.Refused)]
    [InlineData("StartSnapshot", "ServiceQuotaExceededException", 402, CloudFailure.Quota)]
    [InlineData("StartSnapshot", "ConcurrentLimitExceededException", 400, CloudFailure.Quota)]
    [InlineData("StartSnapshot", "AccessDeniedException", 403, CloudFailure.Denied)]
    [InlineData("PutSnapshotBlock", "ExpiredTokenException", 403, CloudFailure.Credentials)]
    [InlineData("PutSnapshotBlock", "ValidationException", 400, CloudFailure.Refused)]
    [InlineData("PutSnapshotBlock", "AccessDeniedException", 403, CloudFailure.Denied)]
    [InlineData("CompleteSnapshot", "ValidationException", 400, CloudFailure.Refused)]
    internal async Task A_refusal_ends_the_upload_and_the_next_run_sends_only_the_rest(string operation, string name, int status, CloudFailure failure)
    {
        await using UploadScenario scenario = await UploadScenario.StartAsync();
        scenario.Parallel = 1;
        scenario.Cloud.Faults.Add(Ec2Fault.Fails(operation, name, "no", status, skip: operation == "PutSnapshotBlock" ? 4 : 0));
        CloudException e = await scenario.FailAsync(failure);
        Assert.Contains("us-east-1", e.Message + name, StringComparison.Ordinal);
        UploadResult rest = await scenario.UploadAsync();
        Assert.Equal(operation switch { "PutSnapshotBlock" => 6, "CompleteSnapshot" => 0, _ => 10 }, rest.SentBlocks);
        scenario.AssertStored();
    }

    [Fact]
    public async Task A_service_that_keeps_failing_ends_the_upload()
    {
        await using UploadScenario scenario = await UploadScenario.StartAsync();
        scenario.Parallel = 1;
        scenario.Cloud.Faults.Add(Ec2Fault.Fails("PutSnapshotBlock", "InternalServerException", "", 500, times: Retries.Attempts));
        await scenario.FailAsync(CloudFailure.Uncertain);
        Assert.Equal(Retries.Attempts - 1, scenario.Cloud.Waits.Count);
    }

    [Fact]
    public async Task A_snapshot_that_has_failed_is_left_and_another_one_started()
    {
        await using UploadScenario scenario = await UploadScenario.StartAsync();
        scenario.Cloud.Faults.Add(Ec2Fault.Fails("CompleteSnapshot", "AccessDeniedException", "", 403));
        await scenario.FailAsync(CloudFailure.Denied);
        scenario.Snapshot.State = "error";
        UploadResult result = await scenario.UploadAsync();
        Assert.Equal(10, result.SentBlocks);
        scenario.AssertStored(scenario.Cloud.Service.Snapshots.Single(snapshot => snapshot.Id == result.Snapshot));
    }

    [Theory]
    [InlineData("")]
    [InlineData("mantle-upload 1 ")]
    [InlineData("something else\n")]
    [InlineData("mantle-upload 1 0000000000000000000000000000000000000000000000000000000000000000 us-east-1 0 snap-1\n0 0000000000000000000000000000000000000000000000000000000000000000\n")]
    public async Task A_journal_about_something_else_is_not_believed(string text)
    {
        await using UploadScenario scenario = await UploadScenario.StartAsync();
        await File.WriteAllTextAsync(scenario.Journal, text);
        Assert.Equal(10, (await scenario.UploadAsync()).SentBlocks);
        scenario.AssertStored();
    }

    [Fact]
    public async Task A_journal_of_a_snapshot_that_is_gone_is_not_believed()
    {
        await using UploadScenario scenario = await UploadScenario.StartAsync();
        await File.WriteAllTextAsync(scenario.Journal, $"mantle-upload 1 {scenario.Digest} us-east-1 0 snap-0123456789abcdef0\n");
        Assert.Equal(10, (await scenario.UploadAsync()).SentBlocks);
        scenario.AssertStored();
    }

    [Fact]
    public async Task Lines_of_a_journal_that_a_crash_has_damaged_count_as_not_written()
    {
        await using UploadScenario scenario = await UploadScenario.StartAsync();
        scenario.Parallel = 1;
        scenario.Cloud.Faults.Add(Ec2Fault.Fails("PutSnapshotBlock", "AccessDeniedException", "", 403, skip: 6));
        await scenario.FailAsync(CloudFailure.Denied);
        byte[] journal = await File.ReadAllBytesAsync(scenario.Journal);
        await File.WriteAllBytesAsync(scenario.Journal, journal[..^10]);
        Assert.Equal(5, (await scenario.UploadAsync()).SentBlocks);
        scenario.AssertStored(sentOnce: false);
    }

    [Fact]
    public async Task Two_runs_at_once_are_refused()
    {
        await using UploadScenario scenario = await UploadScenario.StartAsync();
        using UploadJournal held = UploadJournal.Open(scenario.Journal, scenario.Digest, PublishCloud.Region);
        UserErrorException e = await Assert.ThrowsAsync<UserErrorException>(() => scenario.UploadAsync());
        Assert.Equal(ExitCode.Environment, e.Code);
    }

    [Fact]
    public void Holes_of_a_sparse_file_are_found_without_reading_them()
    {
        using Testing.TemporaryFolder folder = new();
        UploadScenario.WriteImage(folder["image"], 1);
        ByteSource image = ByteSource.OpenFile(folder["image"]);
        BlockPlan plan = new(image);
        List<int> blocks = [];
        while (plan.Next() is { } index)
        {
            blocks.Add(index);
        }

        // Where the file system has no holes every block is looked at.
        Assert.Equal(blocks.Contains(12) ? Enumerable.Range(0, 25) : [.. Enumerable.Range(0, 10), .. Enumerable.Range(20, 5)], blocks);
        ByteSource composed = ByteSource.Compose(image.Length * 2, [new(image.Length, image)]);
        Assert.Equal(image.Length, composed.FindData(5));
        Assert.Equal(image.Length * 2, composed.FindData(image.Length * 2));
        Assert.Equal(image.FindData(11L * UploadScenario.Block) - 7, image.Slice(7, image.Length - 7).FindData((11L * UploadScenario.Block) - 7));
    }

    private sealed class Recorder(List<UploadProgress> heard) : IProgress<UploadProgress>
    {
        public void Report(UploadProgress value)
        {
            lock (heard)
            {
                heard.Add(value);
            }
        }
    }
}
