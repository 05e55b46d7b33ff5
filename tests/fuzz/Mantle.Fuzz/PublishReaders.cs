using System.Net;
using Amazon.Runtime;
using Mantle.Fuzz.Seeds;
using Mantle.ImageBuilder.Aws;
using Mantle.ImageBuilder.Publishing.Ebs;
using Mantle.ImageBuilder.Publishing.Upload;

namespace Mantle.Fuzz;

/// <summary>What publishing reads that others have written: answers of EBS, and the journal of an upload that was cut off.</summary>
internal static class PublishReaders
{
    private const string Region = "eu-central-1";

    private static readonly string s_content = new('a', 64);

    private static readonly IReadOnlyList<byte[]> s_words = Texts.Words(
        "null", "[]", "{}", "true", "{\"", "\\u0000", "\\ud800", "1e999", "-1", ",", "\"\"", "\n", " ", "\"BlockIndex\":", "\"BlockToken\":", "\"NextToken\":", "\"VolumeSize\":", "99999999999999999999", "2147483648", "snap-");

    public static IReadOnlyList<FuzzReader> All { get; } =
    [
        new("ebs block list", () => [Texts.Bytes("""{"BlockSize":524288,"VolumeSize":2,"ExpiryTime":1.8e9,"Blocks":[{"BlockIndex":0,"BlockToken":"AAAB"},{"BlockIndex":7,"BlockToken":"AAAC"}]}""")], List)
        {
            Refuses = problem => problem is CloudException,
            Words = s_words,
        },
        new("ebs error", () => [Texts.Bytes("""{"__type":"ValidationException","Message":"no","Reason":"INVALID_BLOCK"}""")], Fail) { Words = s_words },
        new("upload journal", () => [Texts.Bytes($"mantle-upload 1 {s_content} {Region} 2 snap-0123456789abcdef0\n0 {s_content}\n17 {s_content}\n")], Journal) { Words = s_words },
    ];

    private static void List(byte[] bytes)
    {
        using EbsClient client = Client(HttpStatusCode.OK, bytes);
        client.ListBlocksAsync("snap-0123456789abcdef0", null, CancellationToken.None).GetAwaiter().GetResult();
    }

    /// <summary>Whatever is in its body, an error is an error of the call.</summary>
    private static void Fail(byte[] bytes)
    {
        using EbsClient client = Client(HttpStatusCode.BadRequest, bytes);
        try
        {
            client.ListBlocksAsync("snap-0123456789abcdef0", null, CancellationToken.None).GetAwaiter().GetResult();
        }
        catch (CloudException)
        {
            return;
        }

        throw new InvalidOperationException("an error was taken for an answer");
    }

    private static EbsClient Client(HttpStatusCode status, byte[] body) =>
        new(Region, new Uri("http://127.0.0.1:9"), new BasicAWSCredentials("AKIAIOSFODNN7EXAMPLE", "none"), TimeProvider.System, new Answering(status, body));

    /// <summary>Whatever it says, what is kept of it says the same again: nothing behind a damaged line counts.</summary>
    private static void Journal(byte[] bytes)
    {
        string path = Path.Combine(Path.GetTempPath(), $"mantle-fuzz-{Environment.ProcessId}-{Environment.CurrentManagedThreadId}.journal");
        try
        {
            File.WriteAllBytes(path, bytes);
            string? snapshot;
            using (UploadJournal first = UploadJournal.Open(path, s_content, Region))
            {
                snapshot = first.Snapshot;
            }

            using UploadJournal second = UploadJournal.Open(path, s_content, Region);
            if (second.Snapshot != snapshot)
            {
                throw new InvalidOperationException("a journal says something else when it is read again");
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    private sealed class Answering(HttpStatusCode status, byte[] body) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(status) { Content = new ByteArrayContent(body), RequestMessage = request });
    }
}
