using System.Collections.Concurrent;
using System.Globalization;
using Mantle.Emulator.Aws;
using Mantle.Emulator.Ec2.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mantle.Emulator.Ec2;

/// <summary>
/// EC2 (query API, version 2016-11-15) and the EBS direct APIs on one port of this machine, for several regions: which one is meant, the signature says.
/// Blocks are on disk, everything else lives as long as it does.
/// </summary>
public sealed class Ec2Endpoint : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly Ec2Options _options;
    private readonly ConcurrentQueue<Ec2Call> _calls = new();

    private Ec2Endpoint(WebApplication application, Ec2Options options)
    {
        _application = application;
        _options = options;
        Service = new(options);
    }

    /// <summary>What the SDK has to be given as ServiceURL.</summary>
    public string Url { get; private set; } = "";

    /// <summary>Snapshots and images.</summary>
    public Ec2Service Service { get; }

    /// <summary>What is to go wrong.</summary>
    public Ec2Faults Faults { get; } = new();

    /// <summary>Every call so far.</summary>
    public IReadOnlyList<Ec2Call> Calls => [.. _calls];

    /// <summary>Starts to listen.</summary>
    public static async Task<Ec2Endpoint> StartAsync(Ec2Options options)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Listen(options.Address, options.Port, listen => listen.Protocols = HttpProtocols.Http1);
        });
        WebApplication application = builder.Build();
        Ec2Endpoint endpoint = new(application, options);
        application.Run(endpoint.AnswerAsync);
        await application.StartAsync();
        endpoint.Url = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return endpoint;
    }

    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource now = new();
        await now.CancelAsync();
        await _application.StopAsync(now.Token);
        await _application.DisposeAsync();
        Service.Dispose();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        EbsRoute? route = EbsRoute.Find(http.Request);
        using RequestBody body = await RequestBody.ReadAsync(http, route is null ? null : () => Faults.Take(route.Operation));
        QueryForm? form = route is null ? QueryForm.Parse(body.Bytes.Span) : null;
        string operation = route?.Operation ?? form!.Text("Action") ?? "";
        Ec2Fault? fault = route is null ? Faults.Take(operation) : body.Fault;
        string region = "";
        string resource = route is { Snapshot: { } snapshot } ? route.Block is { } block ? $"{snapshot}/{block}" : snapshot : "";
        void Log(string? error) => _calls.Enqueue(new(operation, region, resource, error));
        if (body.IsCut)
        {
            Log("(cut)");
            http.Abort();
            return;
        }

        Answer answer;
        try
        {
            (Ec2Caller caller, region) = Check(http.Request, body, route);
            await Task.Delay(fault?.Delay ?? TimeSpan.Zero, http.RequestAborted);
            fault?.Before?.Invoke();
            if (fault?.Error is { } error)
            {
                throw error;
            }

            answer = Service.Execute(operation, new() { Caller = caller, Region = region, Http = http.Request, Route = route, Form = form, Body = body.Bytes });
            if (fault?.ErrorAfter is { } after)
            {
                throw after;
            }

            Log(fault?.CutsAfter == true ? "(cut)" : null);
            if (fault?.CutsAfter == true)
            {
                http.Abort();
                return;
            }
        }
        catch (Ec2ErrorException e)
        {
            Log(e.Name);
            answer = route is null ? Answer.QueryError(e) : Answer.RestError(e);
        }

        await WriteAsync(http, answer, fault);
    }

    private (Ec2Caller Caller, string Region) Check(HttpRequest request, RequestBody body, EbsRoute? route)
    {
        try
        {
            (Ec2Caller caller, string region) = SignatureVersion4.Check(
                request, route?.Operation == "PutSnapshotBlock" ? null : body.Bytes.ToArray(), route is null ? "ec2" : "ebs", _options.Callers, _options.Time.GetUtcNow());
            return _options.Regions.Contains(region) ? (caller, region) : throw new Ec2ErrorException("UnrecognizedClientException", "The security token included in the request is invalid.", 403);
        }
        catch (AwsSignatureException e)
        {
            // EC2 has names of its own (EC2 API Reference, "Common client error codes").
            throw route is not null ? new Ec2ErrorException(e.Name, e.Message, 403)
                : e.Name == "ExpiredTokenException" ? new Ec2ErrorException("RequestExpired", "Request has expired.")
                : new Ec2ErrorException("AuthFailure", "AWS was not able to validate the provided access credentials", 401);
        }
    }

    private async Task WriteAsync(HttpContext http, Answer answer, Ec2Fault? fault)
    {
        ReadOnlyMemory<byte> bytes = answer.Body;
        if (fault?.Garbles == true)
        {
            byte[] other = bytes.ToArray();
            other[other.Length / 2] ^= 1;
            bytes = other;
        }

        http.Response.StatusCode = answer.Status;
        http.Response.ContentType = answer.ContentType;
        http.Response.ContentLength = bytes.Length;
        foreach ((string name, string value) in answer.Headers)
        {
            http.Response.Headers[name] = value;
        }

        http.Response.Headers.Date = _options.Time.GetUtcNow().UtcDateTime.ToString("R", CultureInfo.InvariantCulture);
        http.Response.Headers["x-amzn-RequestId"] = Guid.NewGuid().ToString();
        if (fault?.CutsAnswer == true)
        {
            await http.Response.Body.WriteAsync(bytes[..(bytes.Length / 2)]);
            await http.Response.Body.FlushAsync();
            http.Abort();
            return;
        }

        await http.Response.Body.WriteAsync(bytes);
    }
}
