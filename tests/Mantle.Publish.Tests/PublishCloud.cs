using Amazon.EC2;
using Amazon.Runtime;
using Mantle.Emulator.Ec2;
using Mantle.ImageBuilder.Aws;
using Mantle.ImageBuilder.Publishing.Ebs;
using Mantle.ImageBuilder.Publishing.Images;
using Mantle.Testing;

namespace Mantle.Publish.Tests;

/// <summary>EC2 and EBS with one account, reached by the real clients; nothing waits.</summary>
internal sealed class PublishCloud : IAsyncDisposable
{
    public const string Account = "111122223333";
    public const string Region = "us-east-1";
    public const string SecondRegion = "eu-central-1";
    public const string ThirdRegion = "us-west-2";

    private readonly TemporaryFolder _folder = new();

    private PublishCloud(Ec2Endpoint endpoint, TemporaryFolder folder, Ec2Caller caller) => (Endpoint, _folder, Caller) = (endpoint, folder, caller);

    public Ec2Endpoint Endpoint { get; }

    public Ec2Caller Caller { get; }

    public Ec2Service Service => Endpoint.Service;

    public Ec2Faults Faults => Endpoint.Faults;

    public List<TimeSpan> Waits { get; } = [];

    public static async Task<PublishCloud> StartAsync(params IEnumerable<Ec2Caller> others)
    {
        TemporaryFolder folder = new();
        Ec2Caller caller = new(Account);
        return new(await Ec2Endpoint.StartAsync(new() { Folder = folder.Root, Callers = [caller, .. others] }), folder, caller);
    }

    public Retries Retries => new((time, _) =>
    {
        lock (Waits)
        {
            Waits.Add(time);
        }

        return Task.Delay(1, CancellationToken.None);
    });

    public EbsClient Blocks(string region = Region, Ec2Caller? caller = null) => new(region, new Uri(Endpoint.Url), Credentials(caller), TimeProvider.System);

    public ImageService Images(string region = Region, Ec2Caller? caller = null) => new(
        region, new ImageService.OneTry(Credentials(caller), new AmazonEC2Config { ServiceURL = Endpoint.Url, AuthenticationRegion = region, UseHttp = true }), Retries);

    public IEnumerable<string> Operations => Endpoint.Calls.Where(call => call.Error is null).Select(call => call.Operation);

    public int Count(string operation) => Operations.Count(one => one == operation);

    public async ValueTask DisposeAsync()
    {
        await Endpoint.DisposeAsync();
        _folder.Dispose();
    }

    private AWSCredentials Credentials(Ec2Caller? caller)
    {
        caller ??= Caller;
        return caller.SessionToken is null
            ? new BasicAWSCredentials(caller.AccessKeyId, caller.SecretKey)
            : new SessionAWSCredentials(caller.AccessKeyId, caller.SecretKey, caller.SessionToken);
    }
}
